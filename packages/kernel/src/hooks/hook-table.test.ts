import { describe, expect, test } from '@jest/globals';
import type { Hook, Operation } from '@cliproxy/plugin-api';
import { fakeInstance, listed, settingsFor } from '../../test/fake-instances.ts';
import { explainPlan, formatExplanation } from '../routing/explain.ts';
import type { RoutingTableOptions } from '../routing/routing-table.ts';
import { createRoutingTable } from '../routing/routing-table.ts';
import type { HookChain } from './hook-chain.ts';
import { createHookTable } from './hook-table.ts';

const hook = (id: string, parts: Partial<Hook> = {}): Hook => ({
  id,
  needs: [],
  onFailure: 'continue',
  onRequest: () => undefined,
  ...parts,
});

const plugs = (...hooks: readonly Hook[]) => fakeInstance('plug', { hooks, executor: 'none' });

function chain(
  model: string,
  hooks: readonly Hook[],
  more: {
    readonly settings?: Partial<RoutingTableOptions['settings']>;
    readonly operation?: Operation;
    readonly other?: readonly Hook[];
  } = {},
): HookChain | undefined {
  const patterns = [{ match: 'claude-*', upstream: 'vendor.*' }];
  const instances = [
    fakeInstance('a', { patterns }),
    plugs(...hooks),
    fakeInstance('late', { hooks: more.other ?? [], executor: 'none' }),
  ];
  const settings = settingsFor(
    instances.map(({ id }) => id),
    more.settings,
  );
  const table = createRoutingTable({ settings, instances, catalogue: listed({}) });
  return createHookTable(instances)?.of(table.resolve(model), more.operation ?? 'generate');
}

const ids = (found: HookChain | undefined): string[] =>
  (found?.links ?? []).map((link) => link.hook.id);

describe('which hooks apply', () => {
  test('none: there is no table at all', () => {
    expect(createHookTable([fakeInstance('a'), plugs()])).toBeUndefined();
  });

  test('none to this model: no chain', () => {
    expect(chain('claude-x', [hook('one', { match: ['gpt-*'] })])).toBeUndefined();
  });

  test('all without a pattern', () => {
    expect(ids(chain('whatever', [hook('one')]))).toEqual(['one']);
  });

  test.each([
    ['the name that was asked for', 'claude-x', 'claude-*'],
    ['an alias', 'sonnet', 'claude-*'],
    ['the name behind a prefix', 'a/claude-x', 'claude-*'],
    ['the name at the upstream', 'claude-x', 'vendor.*'],
    ["the name of a route's target", 'fast', 'claude-*'],
    ['the second of two patterns', 'claude-x', 'nothing, claude-x'],
  ])('by %s', (_what, model, patterns) => {
    const settings = {
      aliases: { sonnet: 'claude-x' },
      routes: [
        {
          match: 'fast',
          strategy: 'failover' as const,
          targets: [{ plugin: 'a', model: 'claude-x' }],
        },
      ],
    };
    const match = patterns.split(', ');
    expect(ids(chain(model, [hook('one', { match })], { settings }))).toEqual(['one']);
  });

  test('by operation', () => {
    const hooks = [hook('one', { operations: ['generate'] }), hook('two')];
    expect(ids(chain('m', hooks, { operation: 'embed' }))).toEqual(['two']);
  });

  test('by order; of equal ones as configured', () => {
    const hooks = [hook('c', { order: 5 }), hook('a'), hook('b')];
    const other = [hook('first', { order: -1 }), hook('d', { order: 5 })];
    expect(ids(chain('m', hooks, { other }))).toEqual(['first', 'a', 'b', 'c', 'd']);
  });

  test('the one nearest to the client has the last word with events', () => {
    const onEvents = () => undefined;
    const hooks = ['a', 'b'].map((id) => hook(id, { needs: ['events'], onEvents }));
    expect(chain('m', hooks)?.events.map((link) => link.hook.id)).toEqual(['b', 'a']);
  });

  test.each<[string, Hook['needs'], Operation, boolean]>([
    ['nothing', [], 'generate', false],
    ['headers', ['headers'], 'generate', false],
    ['the body', ['body'], 'generate', true],
    ['the body of a count', ['body'], 'count-tokens', true],
    ['the body of embeddings', ['body'], 'embed', true],
    ['events', ['events'], 'generate', true],
    ['events, where there are none', ['events'], 'count-tokens', false],
  ])('passthrough with a hook that needs %s', (_what, needs, operation, ends) => {
    expect(chain('m', [hook('one', { needs })], { operation })?.encodesAnew).toBe(ends);
  });
});

test('explained: which, in which order, and what becomes of passthrough', () => {
  const found = chain('claude-x', [
    hook('log', { order: 9, onComplete: () => undefined }),
    hook('mask', { needs: ['body', 'headers', 'events'], onFailure: 'refuse' }),
  ]);
  const plan = { requested: 'm', model: 'm', alias: false, strategy: 'failover' } as const;
  const explained = explainPlan(
    { ...plan, candidates: [], near: [], hooks: found as HookChain },
    0,
  );
  expect(explained).toMatchObject({
    passthrough: false,
    hooks: [
      { order: 1, instance: 'plug', hook: 'mask', endsPassthrough: true, onFailure: 'refuse' },
      {
        order: 2,
        instance: 'plug',
        hook: 'log',
        endsPassthrough: false,
        at: ['onRequest', 'onComplete'],
      },
    ],
  });
  const text = formatExplanation(explained);
  expect(text).toContain('Hooks, in order:');
  expect(text).toContain(
    '1. mask of plug (onRequest): passthrough ends: it needs body and events; where it fails, the request is refused',
  );
  expect(text).toContain('2. log of plug (onRequest, onComplete): passthrough is left as it is');
  const without = explainPlan({ ...plan, candidates: [], near: [] }, 0);
  expect(without).toMatchObject({ hooks: [], passthrough: true });
  expect(formatExplanation(without)).not.toContain('Hooks');
});
