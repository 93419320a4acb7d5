import { describe, expect, test } from '@jest/globals';
import type { ModelInfo } from '@cliproxy/plugin-api';
import type { FakeInstance } from '../../test/fake-instances.ts';
import { fakeInstance, listed, settingsFor } from '../../test/fake-instances.ts';
import { createModelList } from './model-list.ts';
import { nearNames } from './near-names.ts';
import type { Resolution, RoutingTableOptions } from './routing-table.ts';
import { createRoutingTable } from './routing-table.ts';

type Settings = RoutingTableOptions['settings'];

function tableOf(
  instances: readonly FakeInstance[],
  more: Partial<Settings> = {},
  lists: Readonly<Record<string, readonly ModelInfo[]>> = {},
  alsoNamed: readonly string[] = [],
) {
  const settings = settingsFor([...instances.map(({ id }) => id), ...alsoNamed], more);
  const catalogue = listed(lists);
  return { table: createRoutingTable({ settings, instances, catalogue }), settings, catalogue };
}

const ways = ({ targets }: Resolution): string[] =>
  targets.map(({ instanceId, upstreamModel }) => `${instanceId}:${upstreamModel}`);
const route = (match: string, ...targets: readonly (string | [string, string])[]) => ({
  match,
  strategy: 'failover' as const,
  targets: targets.map((one) =>
    typeof one === 'string' ? { plugin: one } : { plugin: one[0], model: one[1] },
  ),
});

describe('the way of a name', () => {
  const one = fakeInstance('one', { patterns: [{ match: 'x-*' }] });
  const two = fakeInstance('two', { patterns: [{ match: 'y-*' }, { match: 'x-*' }] });

  test('alias, then instance prefix, routes, patterns, lists', () => {
    const { table } = tableOf(
      [one, two],
      {
        aliases: { best: 'x-1', 'x-9': 'two/own', loop: 'pool', pool: 'loop', deep: 'best' },
        routes: [route('x-1*', 'two'), route('x-*', 'one')],
      },
      { two: [{ id: 'plain' }], one: [{ id: 'plain' }] },
    );
    const best = table.resolve('best');
    expect(best).toMatchObject({ requested: 'best', model: 'x-1', alias: true, via: 'route' });
    expect(best.match).toBe('x-1*');
    expect(ways(best)).toEqual(['two:x-1']);
    expect(ways(table.resolve('deep'))).toEqual(['two:x-1']);
    expect(table.resolve('loop').targets).toEqual([]);
    expect(table.resolve('x-9')).toMatchObject({ via: 'instance', match: 'two/' });
    expect(ways(table.resolve('x-9'))).toEqual(['two:own']);
    expect(ways(table.resolve('one/x-1/z'))).toEqual(['one:x-1/z']);
    expect(ways(table.resolve('x-2'))).toEqual(['one:x-2']);
    expect(table.resolve('y-2')).toMatchObject({ via: 'pattern', match: 'y-*', alias: false });
    expect(table.resolve('plain').via).toBe('listed');
    expect(ways(table.resolve('plain'))).toEqual(['two:plain', 'one:plain']);
    expect(table.resolve('constructor').targets).toEqual([]);
  });

  test('only the id of an instance is a prefix', () => {
    const { table } = tableOf([one], {}, { one: [{ id: 'org/model' }] });
    expect(table.resolve('org/model').via).toBe('listed');
    expect(table.resolve('one/').targets).toEqual([]);
    expect(table.resolve('/x').targets).toEqual([]);
  });

  test('several plugins with equal claims are several targets, in their configured order', () => {
    const { table } = tableOf([one, two]);
    expect(ways(table.resolve('x-1'))).toEqual(['one:x-1', 'two:x-1']);
  });

  test('the most specific pattern wins; a broader one helps only where it lists the name', () => {
    const broad = fakeInstance('broad', { patterns: [{ match: 'g-*' }] });
    const relay = fakeInstance('relay', { patterns: [{ match: 'g-*-page', upstream: 'g-*' }] });
    expect(ways(tableOf([broad, relay]).table.resolve('g-2-page'))).toEqual(['relay:g-2']);
    const lists = { broad: [{ id: 'g-2-page' }] };
    expect(ways(tableOf([broad, relay], {}, lists).table.resolve('g-2-page'))).toEqual([
      'relay:g-2',
      'broad:g-2-page',
    ]);
  });

  test("a target's own list and patterns name the model at the upstream", () => {
    const relay = fakeInstance('relay', {
      patterns: [{ match: 'g-*-page', upstream: 'g-*' }, { match: '*' }],
    });
    const { table } = tableOf(
      [relay],
      { routes: [route('my-*', ['relay', 'g-*-page']), route('your', ['relay', 'short'])] },
      {
        relay: [
          { id: 'short', upstreamId: 'org/long', refuses: ['top_k'] },
          { id: 'g-7', upstreamId: 'models/g-7' },
        ],
      },
    );
    expect(ways(table.resolve('my-2.5'))).toEqual(['relay:g-2.5']);
    expect(ways(table.resolve('g-7-page'))).toEqual(['relay:models/g-7']);
    expect(ways(table.resolve('your'))).toEqual(['relay:org/long']);
    expect(table.resolve('your').targets[0]?.info?.refuses).toEqual(['top_k']);
    expect(ways(table.resolve('unlisted'))).toEqual(['relay:unlisted']);
  });

  test('a target that is named twice counts once', () => {
    const { table } = tableOf([one], { routes: [route('m', 'one', 'one', ['one', 'other'])] });
    expect(ways(table.resolve('m'))).toEqual(['one:m', 'one:other']);
  });

  test('instances that are not at work keep their place where they are named', () => {
    const failed = fakeInstance('failed', { state: 'failed', patterns: [{ match: 'f-*' }] });
    const off = fakeInstance('off', { state: 'disabled', patterns: [{ match: 'o-*' }] });
    const { table } = tableOf(
      [failed, off],
      { routes: [route('m', 'off', 'gone', 'absent')] },
      {},
      ['absent'],
    );
    expect(ways(table.resolve('f-1'))).toEqual(['failed:f-1']);
    expect(table.resolve('o-1').targets).toEqual([]);
    expect(ways(table.resolve('off/x'))).toEqual(['off:x']);
    expect(table.resolve('m').targets.map(({ configured }) => configured)).toEqual([
      true,
      false,
      true,
    ]);
  });

  test('is remembered until a list changes, and never for names without measure', () => {
    const { table, catalogue } = tableOf([one]);
    const first = table.resolve('x-1');
    expect(table.resolve('x-1')).toBe(first);
    catalogue.version += 1;
    expect(table.resolve('x-1')).not.toBe(first);
    const long = `x-${'1'.repeat(10_000)}`;
    expect(table.resolve(long)).not.toBe(table.resolve(long));
    expect(ways(table.resolve(long))).toEqual([`one:${long}`]);
  });
});

describe('near names', () => {
  test('the nearest first, misspelt before parts of others', () => {
    const known = ['claude-sonnet-4', 'claude-sonnet-5', 'claude-sonet-4-preview-long', 'gpt-5'];
    expect(nearNames('claude-sonet-4', known)).toEqual([
      'claude-sonnet-4',
      'claude-sonnet-5',
      'claude-sonet-4-preview-long',
    ]);
    expect(nearNames('SONNET', known)).toEqual(['claude-sonnet-4', 'claude-sonnet-5']);
    expect(nearNames('zzzzzz', known)).toEqual([]);
    expect(nearNames('gpt5', [...known, 'gpt-5'])).toEqual(['gpt-5']);
    expect(nearNames('x'.repeat(1_000), known)).toEqual([]);
    expect(nearNames('abc', ['x'.repeat(1_000)])).toEqual([]);
  });

  test('come from aliases, routes and lists', () => {
    const { table } = tableOf(
      [fakeInstance('one')],
      { aliases: { sonnet: 'nowhere' }, routes: [route('gpt-5', 'one'), route('zz-*', 'one')] },
      { one: [{ id: 'gpt-4' }] },
    );
    expect(table.resolve('sonnnet').near).toEqual(['sonnet']);
    expect(table.resolve('gpt-6').near).toEqual(['gpt-5', 'gpt-4']);
    expect(table.resolve('zz').near).toEqual([]);
    expect(table.resolve('zz').disabled).toBeUndefined();
  });

  test('beside them, the disabled instances: one may be the right one', () => {
    const { table } = tableOf(
      [fakeInstance('one'), fakeInstance('off', { state: 'disabled' })],
      {},
    );
    expect(table.resolve('zz').disabled).toEqual(['off']);
    expect(table.resolve('one/x').disabled).toBeUndefined();
  });
});

test('the model list: aliases, routes that are names, listed models; each once, none that leads nowhere', () => {
  const lists = {
    one: [{ id: 'm1', displayName: 'M One', contextTokens: 1_000, maxOutputTokens: 10 }],
    two: [{ id: 'm1' }, { id: 'm2' }],
  };
  const { table, settings, catalogue } = tableOf(
    [fakeInstance('one'), fakeInstance('two')],
    {
      aliases: { nick: 'm1', nowhere: 'nothing' },
      routes: [route('r', 'absent', 'two'), route('r-*', 'one'), route('off', 'absent')],
    },
    lists,
    ['absent'],
  );
  const list = createModelList({ settings, table, catalogue, isProbeDown: () => false });
  const m1 = { displayName: 'M One', ownedBy: 'one', contextTokens: 1_000, maxOutputTokens: 10 };
  expect(list()).toEqual([
    { id: 'nick', ...m1 },
    { id: 'r', ownedBy: 'two' },
    { id: 'm1', ...m1 },
    { id: 'm2', ownedBy: 'two' },
  ]);
  expect(list()).toBe(list());
  const before = list();
  catalogue.version += 1;
  expect(list()).not.toBe(before);
});

test('the model list leaves out what only instances serve whose probes are down', () => {
  const lists = { one: [{ id: 'm1' }], two: [{ id: 'm1' }, { id: 'm2' }], bare: [{ id: 'm3' }] };
  const { table, settings, catalogue } = tableOf(
    [
      fakeInstance('one', { keys: ['a', 'b'] }),
      fakeInstance('two'),
      fakeInstance('bare', { keys: [] }),
    ],
    { aliases: { nick: 'm2' }, routes: [] },
    lists,
  );
  const down = new Set<string>();
  const isProbeDown = (accountId: string): boolean => down.has(accountId);
  const list = createModelList({ settings, table, catalogue, isProbeDown });
  const served = () => list().map(({ id, ownedBy }) => `${id} by ${ownedBy}`);
  const all = ['nick by two', 'm1 by one', 'm2 by two', 'm3 by bare'];
  expect(served()).toEqual(all);
  down.add('one/a');
  expect(served()).toEqual(all);
  down.add('one/b');
  expect(served()).toEqual(['nick by two', 'm1 by two', 'm2 by two', 'm3 by bare']);
  expect(list()).toBe(list());
  down.add('two/a');
  expect(served()).toEqual(['m3 by bare']);
  down.clear();
  expect(served()).toEqual(all);
});
