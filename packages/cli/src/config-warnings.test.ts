import { expect, test } from '@jest/globals';
import { configWarnings } from './config-warnings.ts';

type Given = Parameters<typeof configWarnings>[0];

function given(enabled: Readonly<Record<string, boolean>>, targets: readonly string[]): Given {
  return {
    plugins: Object.entries(enabled).map(([instanceId, isOn]) => ({
      instanceId,
      package: instanceId,
      enabled: isOn,
      required: true,
      config: {},
      problems: [],
    })),
    routes: [
      { match: 'm-*', strategy: 'failover', targets: targets.map((plugin) => ({ plugin })) },
    ],
  };
}

test('a route of which no target is enabled', () => {
  expect(configWarnings(given({ a: false, b: false, c: true }, ['a', 'b', 'a']))).toEqual([
    'no target of the route "m-*" is enabled: enable one of a, b',
  ]);
  expect(configWarnings(given({ a: false, c: true }, ['a', 'c']))).toEqual([]);
});

test('a configuration without an enabled plugin', () => {
  expect(configWarnings(given({ a: false }, ['a']))).toEqual([
    'no plugin is enabled, so no model is served; enable one under "plugins:"',
  ]);
});
