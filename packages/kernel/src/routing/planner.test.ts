import { describe, expect, jest, test } from '@jest/globals';
import type { Capability, Executor, ModelInfo } from '@cliproxy/plugin-api';
import type { FakeInstance } from '../../test/fake-instances.ts';
import { chatExecutor, fakeInstance, listed, settingsFor } from '../../test/fake-instances.ts';
import type { AccountHandle } from '../accounts/account-handle.ts';
import type { Availability } from '../accounts/account-state.ts';
import type { RouteSettings, StrategyName } from '../ports/settings.ts';
import { explainPlan, formatExplanation } from './explain.ts';
import type { Plan, RouteQuery } from './plan.ts';
import { plan } from './planner.ts';
import type { RoutingTableOptions } from './routing-table.ts';
import { createRoutingTable } from './routing-table.ts';

const NOW = 1_700_000_000_000;
const everyone: Availability = { usable: true, trial: false };

interface Case {
  readonly instances: readonly FakeInstance[];
  readonly settings?: Partial<RoutingTableOptions['settings']>;
  readonly lists?: Readonly<Record<string, readonly ModelInfo[]>>;
  readonly states?: Readonly<Record<string, Availability>>;
  readonly turn?: number;
  readonly full?: (handle: AccountHandle) => boolean;
  readonly latencies?: Readonly<Record<string, number>>;
  readonly query?: Partial<RouteQuery>;
}

function planFor(model: string, given: Case): Plan {
  const { instances, settings, lists, states = {}, turn = 0, latencies = {}, full, query } = given;
  const table = createRoutingTable({
    settings: settingsFor(
      instances.map(({ id }) => id),
      settings,
    ),
    instances,
    catalogue: listed(lists),
  });
  return plan(
    table,
    { model, dialect: 'openai-chat', operation: 'generate', ...query },
    {
      turn,
      ...(full === undefined ? {} : { full }),
      latencyMs: (instanceId) => latencies[instanceId],
      availability: (instanceId, accountId, upstream) =>
        states[`${accountId}#${upstream}`] ?? states[accountId] ?? states[instanceId] ?? everyone,
      has: (dialect, operation) => dialect !== 'openai-chat' || operation !== 'count-tokens',
    },
  );
}

const route = (targets: readonly string[], strategy: StrategyName = 'failover'): RouteSettings => ({
  match: 'm',
  strategy,
  targets: targets.map((plugin) => ({ plugin })),
});
const order = ({ candidates }: Plan): string[] => candidates.map(({ instanceId }) => instanceId);
const accountsOf = ({ candidates }: Plan, index = 0): (string | undefined)[] =>
  candidates[index]?.accounts.map(({ handle }) => handle.account.id) ?? [];
const out = (reason: Availability['reason'], untilMs?: number): Availability => ({
  usable: false,
  trial: false,
  reason: reason!,
  ...(untilMs === undefined ? {} : { untilMs }),
});

describe('order', () => {
  const three = ['a', 'b', 'c'].map((id) => fakeInstance(id));

  test('failover keeps the order, usable ones first', () => {
    const settings = { routes: [route(['a', 'b', 'c'])] };
    expect(order(planFor('m', { instances: three, settings, turn: 5 }))).toEqual(['a', 'b', 'c']);
    const states = { a: out('cooling', NOW + 1) };
    expect(order(planFor('m', { instances: three, settings, states }))).toEqual(['b', 'c', 'a']);
  });

  test('round-robin begins at the turn; with a session always at the same target', () => {
    const settings = { routes: [route(['a', 'b', 'c'], 'round-robin')] };
    const at = (turn: number, sessionKey?: string): string[] =>
      order(
        planFor('m', {
          instances: three,
          settings,
          turn,
          ...(sessionKey === undefined ? {} : { query: { sessionKey } }),
        }),
      );
    expect([at(0), at(1), at(2), at(3)].map((names) => names.join(''))).toEqual([
      'abc',
      'bca',
      'cab',
      'abc',
    ]);
    expect(at(1, 's')).toEqual(at(2, 's'));
    const firsts = new Set(Array.from({ length: 40 }, (_, n) => at(0, `session-${n}`)[0]));
    expect(firsts.size).toBe(3);
  });

  test('accounts: round-robin, or the first until it is full', () => {
    const instances = [fakeInstance('a', { keys: ['1', '2', '3'] })];
    const settings = { routes: [route(['a'])] };
    expect(accountsOf(planFor('m', { instances, settings, turn: 4 }))).toEqual([
      'a/2',
      'a/3',
      'a/1',
    ]);
    const filling = { ...settings, accountStrategy: 'fill-first' as const };
    expect(accountsOf(planFor('m', { instances, settings: filling, turn: 4 }))).toEqual([
      'a/1',
      'a/2',
      'a/3',
    ]);
    const states = { 'a/2': out('cooling', NOW + 1) };
    const firsts = [0, 1, 2, 3].map(
      (turn) => accountsOf(planFor('m', { instances, settings, turn, states }))[0],
    );
    expect(firsts).toEqual(['a/1', 'a/3', 'a/1', 'a/3']);
    expect(accountsOf(planFor('m', { instances, settings, states })).at(-1)).toBe('a/2');
  });

  test('accounts: by priority and weight, named by key or label', () => {
    const instances = [fakeInstance('a', { keys: ['1', '2', '3', '4'] })];
    const [plugin] = settingsFor(['a']).plugins;
    const accounts = { '1': { priority: -1 }, '***2': { weight: 2 }, '4': { priority: 3 } };
    const settings = { routes: [route(['a'])], plugins: [{ ...plugin!, accounts }] };
    const at = (turn: number, states = {}): string =>
      accountsOf(planFor('m', { instances, settings, turn, states }))
        .map((id) => id?.slice(2))
        .join('');
    expect(at(0)).toBe('4231');
    const states = { 'a/4': out('cooling', NOW + 1) };
    expect([0, 1, 2, 3].map((turn) => at(turn, states))).toEqual(['2314', '3214', '2314', '2314']);
    const filling = { ...settings, accountStrategy: 'fill-first' as const };
    expect(accountsOf(planFor('m', { instances, settings: filling, turn: 1 }))).toEqual([
      'a/4',
      'a/2',
      'a/3',
      'a/1',
    ]);
    const bound = planFor('m', { instances, settings, query: { sessionKey: 's' } });
    expect(accountsOf(bound)[0]).toBe('a/4');
  });

  test('accounts that are busy come last, and are told as such', () => {
    const instances = [fakeInstance('a', { keys: ['1', '2'] }), fakeInstance('b')];
    const settings = { routes: [route(['a', 'b'])] };
    const full = ({ account }: AccountHandle): boolean => account.id !== 'b/a' && busy(account.id);
    let busy = (id: string): boolean => id === 'a/1';
    expect(accountsOf(planFor('m', { instances, settings, full }))).toEqual(['a/2', 'a/1']);
    busy = () => true;
    const found = planFor('m', { instances, settings, full });
    expect(order(found)).toEqual(['b', 'a']);
    expect(found.candidates[1]).toMatchObject({ usable: false, reason: 'busy' });
    const text = formatExplanation(explainPlan(found, NOW));
    expect(text).toContain('out a as m (openai-chat): it answers as many requests as it may');
    const states = { 'a/1': out('invalid-key') };
    const other = planFor('m', { instances, settings, full, states }).candidates[1];
    expect(other?.accounts.map(({ reason }) => reason)).toEqual(['invalid-key', 'busy']);
  });

  test('targets: by weight within their priority, and the accounts behind them in turn', () => {
    const instances = ['a', 'b', 'c'].map((id) => fakeInstance(id, { keys: ['1', '2'] }));
    const targets = [
      { plugin: 'a', weight: 3 },
      { plugin: 'b' },
      { plugin: 'c', priority: -1, weight: 9 },
    ];
    const settings = { routes: [{ match: 'm', strategy: 'weighted' as const, targets }] };
    const at = (turn: number, states = {}): Plan =>
      planFor('m', { instances, settings, turn, states });
    const firsts = (count: number, states = {}): string =>
      Array.from({ length: count }, (_, turn) => order(at(turn, states))[0]).join('');
    expect(firsts(8)).toBe('aabaaaba');
    expect(order(at(2))).toEqual(['b', 'a', 'c']);
    expect(firsts(4, { a: out('cooling', NOW + 1) })).toBe('bbbb');
    expect(firsts(4, { a: out('cooling', NOW + 1), b: out('cooling', NOW + 1) })).toBe('cccc');
    const met = Array.from({ length: 52 }, (_, turn) => accountsOf(at(turn))[0]);
    expect(new Set(met)).toEqual(new Set(['a/1', 'a/2', 'b/1', 'b/2']));
    const bySession = Array.from({ length: 400 }, (_, n) => {
      const query = { sessionKey: `session-${n}` };
      return order(planFor('m', { instances, settings, turn: n, query }))[0];
    });
    expect(bySession.filter((id) => id === 'a').length / 400).toBeCloseTo(0.75, 1);
    expect(bySession).not.toContain('c');
  });

  test('least-latency takes the quickest, and says how quick it is', () => {
    const instances = ['a', 'b', 'c'].map((id) => fakeInstance(id));
    const settings = { routes: [route(['a', 'b', 'c'], 'least-latency')] };
    const latencies = { a: 900, b: 120.4 };
    const at = (turn: number): Plan => planFor('m', { instances, settings, latencies, turn });
    expect(order(at(1))).toEqual(['b', 'a', 'c']);
    expect(order(at(4))).toEqual(['c', 'b', 'a']);
    const text = formatExplanation(explainPlan(at(1), NOW));
    expect(text).toContain('can be used [first token after 120 ms of late]');
    const failover = { routes: [route(['a', 'b', 'c'])] };
    expect(order(planFor('m', { instances, settings: failover, latencies, turn: 1 }))[0]).toBe('a');
  });

  test('targets in turn reach all of their accounts', () => {
    const instances = ['a', 'b'].map((id) => fakeInstance(id, { keys: ['1', '2'] }));
    const settings = { routes: [route(['a', 'b'], 'round-robin')] };
    const met = [0, 1, 2, 3].map(
      (turn) => accountsOf(planFor('m', { instances, settings, turn }))[0],
    );
    expect(new Set(met).size).toBe(4);
  });

  test('a session stays with its account, others do not move when one goes', () => {
    const keys = ['1', '2', '3', '4'];
    const all = [fakeInstance('a', { keys, patterns: [{ match: 'm' }] })];
    const fewer = [fakeInstance('a', { keys: keys.slice(1), patterns: [{ match: 'm' }] })];
    let moved = 0;
    const used = new Map<string | undefined, number>();
    for (let n = 0; n < 200; n++) {
      const query = { sessionKey: `conversation-${n}` };
      const before = accountsOf(planFor('m', { instances: all, query, turn: n }))[0];
      expect(accountsOf(planFor('m', { instances: all, query, turn: n + 1 }))[0]).toBe(before);
      used.set(before, (used.get(before) ?? 0) + 1);
      const after = accountsOf(planFor('m', { instances: fewer, query }))[0];
      if (before !== 'a/1' && after !== before) moved += 1;
    }
    expect(moved).toBe(0);
    expect(Math.min(...used.values())).toBeGreaterThan(25);
    expect(used.size).toBe(4);
  });
});

describe('how a request is encoded', () => {
  const wire = (speaks: Extract<Executor, { kind: 'wire' }>['speaks']): FakeInstance =>
    fakeInstance('a', { executor: chatExecutor([], speaks), patterns: [{ match: 'm' }] });
  const first = (
    instances: readonly FakeInstance[],
    query: Partial<RouteQuery>,
    info?: ModelInfo,
  ) =>
    planFor('m', { instances, query, ...(info === undefined ? {} : { lists: { a: [info] } }) })
      .candidates[0];

  test("the client's dialect where it is spoken, else the executor's order", () => {
    const instances = [
      wire({
        'anthropic-messages': ['generate', 'count-tokens'],
        'openai-chat': ['generate', 'embed'],
        gemini: ['count-tokens'],
      }),
    ];
    expect(first(instances, {})?.dialects).toEqual(['openai-chat', 'anthropic-messages']);
    expect(first(instances, { dialect: 'gemini' })?.dialects).toEqual([
      'anthropic-messages',
      'openai-chat',
    ]);
    expect(first(instances, { operation: 'count-tokens' })?.dialects).toEqual([
      'anthropic-messages',
      'gemini',
    ]);
    expect(first(instances, { operation: 'embed' })?.dialects).toEqual(['openai-chat']);
    const narrowed: ModelInfo = { id: 'm', dialects: ['gemini', 'anthropic-messages'] };
    expect(first(instances, {}, narrowed)?.dialects).toEqual(['anthropic-messages']);
    expect(first(instances, { operation: 'count-tokens' }, narrowed)?.dialects).toEqual([
      'gemini',
      'anthropic-messages',
    ]);
  });

  test('no dialect that lacks the operation, whatever is declared', () => {
    const chat = wire({ 'openai-chat': ['generate', 'count-tokens'] });
    expect(first([chat], { operation: 'generate' })?.usable).toBe(true);
    expect(first([chat], { operation: 'count-tokens' })).toMatchObject({
      usable: false,
      reason: 'operation-not-offered',
    });
    const both = wire({ 'openai-chat': ['count-tokens'], gemini: ['count-tokens'] });
    expect(first([both], { operation: 'count-tokens' })?.dialects).toEqual(['gemini']);
  });

  test('what holds for models of a name goes before what holds for all; its list narrows it', () => {
    const executor = (name: string): FakeInstance =>
      fakeInstance('a', {
        patterns: [{ match: name, upstream: 'up-codex' }],
        executor: {
          ...(chatExecutor() as Extract<Executor, { kind: 'wire' }>),
          speaks: { 'openai-chat': ['generate', 'embed'] },
          speaksFor: [
            {
              match: '*-codex',
              speaks: { 'openai-responses': ['generate'], gemini: ['generate'] },
            },
            { match: 'up-*', speaks: { gemini: ['generate'] } },
          ],
        },
      });
    expect(first([executor('m')], {})?.dialects).toEqual(['openai-responses', 'gemini']);
    expect(first([executor('m')], { operation: 'embed' })?.reason).toBe('operation-not-offered');
    const narrowed: ModelInfo = { id: 'm', dialects: ['openai-chat', 'gemini'] };
    expect(first([executor('m')], {}, narrowed)?.dialects).toEqual(['gemini']);
  });

  test('what no list names lacks and refuses what its executor says; a listed model what its list says', () => {
    const executor = fakeInstance('a', {
      patterns: [{ match: 'm' }],
      executor: {
        ...(chatExecutor() as Extract<Executor, { kind: 'wire' }>),
        unlisted: { lacks: ['tools'], refuses: ['seed'] },
      },
    });
    const query = { needs: () => ['tools'] as const };
    expect(first([executor], query)).toMatchObject({
      usable: false,
      reason: 'lacks-capability',
      refuses: ['seed'],
    });
    expect(first([executor], query, { id: 'm' })).toMatchObject({ usable: true, refuses: [] });
  });

  test('an operation that is not offered puts the target out', () => {
    const candidate = first([wire({ 'openai-chat': ['generate'] })], { operation: 'embed' });
    expect(candidate).toMatchObject({
      usable: false,
      reason: 'operation-not-offered',
      dialects: [],
    });
  });

  test('executors of events have no dialect', () => {
    const events = (more: object): FakeInstance =>
      fakeInstance('a', {
        patterns: [{ match: 'm' }],
        executor: {
          kind: 'events',
          models: () => Promise.resolve([]),
          run: () => {
            throw new Error('not run here');
          },
          ...more,
        },
      });
    expect(first([events({})], {})).toMatchObject({ usable: true, dialects: [] });
    expect(first([events({})], { operation: 'embed' })?.reason).toBe('operation-not-offered');
    expect(first([events({})], { operation: 'count-tokens' })?.usable).toBe(false);
    const countTokens = (): Promise<number> => Promise.resolve(1);
    expect(first([events({ countTokens })], { operation: 'count-tokens' })?.usable).toBe(true);
    expect(first([events({ embed: countTokens })], { operation: 'embed' })?.usable).toBe(true);
  });
});

describe('why a candidate is out', () => {
  const settings = { routes: [route(['a'])] };
  const only = (given: Case): Plan['candidates'][number] | undefined =>
    planFor('m', { settings, ...given }).candidates[0];

  test('what the instance is', () => {
    const problem = { code: 'PLUGIN_SETUP_FAILED', message: 'it threw "no"' };
    const why = (instance: FakeInstance): readonly unknown[] => {
      const found = only({ instances: [instance] });
      expect(found?.usable).toBe(false);
      return [found?.reason, found?.detail];
    };
    const failed = fakeInstance('a', { state: 'failed', problems: [problem], executor: 'none' });
    expect(why(failed)).toEqual(['instance-failed', 'it threw "no"']);
    expect(why(fakeInstance('a', { state: 'failed' }))).toEqual([
      'instance-failed',
      '"a" failed to start',
    ]);
    expect(why(fakeInstance('a', { state: 'starting' }))[0]).toBe('instance-failed');
    expect(why(fakeInstance('a', { state: 'disabled' }))[0]).toBe('instance-disabled');
    expect(why(fakeInstance('a', { state: 'stopped' }))[0]).toBe('instance-disabled');
    expect(why(fakeInstance('a', { executor: 'none' }))[0]).toBe('no-executor');
    expect(why(fakeInstance('a', { state: 'needs-login', keys: [] }))).toEqual([
      'needs-login',
      undefined,
    ]);
  });

  test('an instance that the configuration does not have, or not enabled', () => {
    const found = planFor('m', {
      instances: [],
      settings: {
        routes: [route(['gone', 'off'])],
        plugins: settingsFor(['off']).plugins.map((one) => ({ ...one, enabled: false })),
      },
    });
    expect(found.candidates.map(({ reason }) => reason)).toEqual([
      'instance-failed',
      'instance-disabled',
    ]);
    expect(found.candidates[0]?.detail).toContain('"gone"');
  });

  test('what the model lacks; the request is only read where one lacks something', () => {
    const needs = jest.fn((): readonly Capability[] => ['tools', 'images']);
    const instances = [fakeInstance('a')];
    expect(only({ instances, query: { needs } })?.usable).toBe(true);
    expect(needs).not.toHaveBeenCalled();
    const lists = { a: [{ id: 'm', lacks: ['images', 'reasoning'] as const }] };
    expect(only({ instances, lists, query: { needs } })).toMatchObject({
      usable: false,
      reason: 'lacks-capability',
      detail: 'images',
    });
    expect(only({ instances, lists })?.usable).toBe(true);
  });

  test('what its accounts are: the one that is back first speaks for all', () => {
    const instances = [fakeInstance('a', { keys: ['1', '2', '3'] })];
    const states = {
      'a/1': out('trial-under-way'),
      'a/2': { ...out('invalid-key', NOW + 9_000), detail: 'wrong key', kind: 'auth' as const },
      'a/3': out('cooling', NOW + 20_000),
    };
    expect(only({ instances, states })).toMatchObject({
      usable: false,
      reason: 'invalid-key',
      detail: 'wrong key',
    });
    expect(only({ instances, states: { a: { usable: true, trial: true } } })?.usable).toBe(true);
    expect(only({ instances, states: { 'a/1#m': out('cooling') } })?.accounts).toHaveLength(3);
  });

  test('what the model refuses and how long it answers goes along', () => {
    const lists = { a: [{ id: 'm', refuses: ['top_p'], maxOutputTokens: 7 }] };
    expect(only({ instances: [fakeInstance('a')], lists })).toMatchObject({
      refuses: ['top_p'],
      maxOutputTokens: 7,
    });
  });
});

describe('explained', () => {
  test('every step, every candidate, every account', () => {
    const found = planFor('nick', {
      instances: [fakeInstance('a', { keys: ['1', '2'] }), fakeInstance('b', { keys: ['1', '2'] })],
      settings: {
        aliases: { nick: 'm' },
        routes: [route(['a', 'b', 'gone'])],
      },
      lists: { b: [{ id: 'm', maxOutputTokens: 9 }] },
      states: {
        'a/1': { ...out('cooling', NOW + 40_500), kind: 'rate-limit', detail: 'slow down' },
        'a/2': out('needs-login', NOW + 3_000_000),
        'b/1': { usable: true, trial: true, kind: 'network' },
      },
    });
    const said = explainPlan(found, NOW);
    expect(said.steps).toEqual([
      '"nick" is an alias of "m"',
      'it does not begin with the id of a plugin instance and a slash',
      'the route "m" matches it; its targets are taken by failover',
    ]);
    expect(said).toMatchObject({ requested: 'nick', model: 'm', via: 'route', match: 'm' });
    expect(
      said.candidates.map(({ order: at, instance, usable }) => [at, instance, usable]),
    ).toEqual([
      [1, 'b', true],
      [2, 'a', false],
      [3, 'gone', false],
    ]);
    expect(said.candidates[0]?.maxOutputTokens).toBe(9);
    expect(said.candidates[0]?.accounts[0]?.why).toBe('usable for one trial request after network');
    expect(said.candidates[0]?.accounts[1]?.why).toBe('usable');
    expect(said.candidates[1]?.accounts).toEqual([
      {
        account: 'a/1',
        label: '***1',
        usable: false,
        trial: false,
        reason: 'cooling',
        why: 'cooling after a failure (rate-limit: slow down); tried again in 41 s',
        retryInMs: 40_500,
      },
      expect.objectContaining({
        why: 'no account is logged in; add an API key or log in; tried again in 50 min',
      }),
    ]);
    expect(said.outcome).toBe('A request would go to b (b/1) as m first.');
    expect(JSON.parse(JSON.stringify(said))).toEqual(said);
    const text = formatExplanation(said);
    expect(text).toContain('1. in  b as m (openai-chat): 2 of 2 accounts can be used');
    expect(text).toContain('out a/1 ***1: cooling after a failure');
    expect(text).toContain('3. out gone as m: the plugin instance is not at work (');
    expect(text.split('\n').at(-1)).toBe(said.outcome);
  });

  test('how each kind of name was found', () => {
    const instances = [fakeInstance('a', { patterns: [{ match: 'p-*' }] })];
    const lists = { a: [{ id: 'listed' }] };
    const last = (model: string): string | undefined =>
      explainPlan(planFor(model, { instances, lists }), NOW).steps.at(-1);
    expect(last('a/x')).toBe('its beginning "a/" names a plugin instance');
    expect(last('p-1')).toBe('the plugin pattern "p-*" matches it');
    expect(last('listed')).toBe('listed by a');
    expect(last('nothing')).toBe('no plugin lists it');
    const none = explainPlan(planFor('lissted', { instances, lists }), NOW);
    expect(none.outcome).toBe(
      'Nothing serves "lissted": a request is answered with 404. Near it: listed.',
    );
    expect(explainPlan(planFor('zzzzzzzz', { instances }), NOW).outcome).toMatch(/404\.$/);
    const off = { instances: [fakeInstance('off', { state: 'disabled' })] };
    expect(explainPlan(planFor('zzzzzzzz', off), NOW).outcome).toMatch(
      /404\. Disabled instances: off; enable the one that serves it\.$/,
    );
    expect(formatExplanation(none)).not.toContain('Candidates');
  });

  test('when all are out: when the first is back', () => {
    const instances = [fakeInstance('a', { patterns: [{ match: 'm' }] })];
    const back = (untilMs?: number): string =>
      explainPlan(planFor('m', { instances, states: { a: out('cooling', untilMs) } }), NOW).outcome;
    expect(back(NOW + 119_001)).toContain('back in 2 min');
    expect(back(NOW + 8_000_000)).toContain('back in 3 h');
    expect(back(NOW - 5)).toContain('back in 0 s');
    expect(back()).toMatch(/says why\.$/);
  });
});
