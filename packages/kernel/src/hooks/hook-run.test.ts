import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { GatewayError } from '@cliproxy/plugin-api';
import type { Hook, HookCall, HookRecord, ModelEvent, ModelRequest } from '@cliproxy/plugin-api';
import {
  answers,
  call,
  errorOf,
  eventExecutor,
  httpExecutor,
  rig,
  until,
  upstream,
  whole,
} from '../../test/dispatch-rig.ts';
import type { Rig, TargetSpec, Upstream } from '../../test/dispatch-rig.ts';

let a: Upstream;
let b: Upstream;

beforeEach(async () => {
  a = await upstream(answers.lines(...whole));
  b = await upstream(answers.lines(...whole));
});

afterEach(async () => {
  await Promise.all([a.close(), b.close()]);
});

const hook = (parts: Partial<Hook>): Hook => ({
  id: 'h',
  needs: [],
  onFailure: 'refuse',
  ...parts,
});
const targets = (): TargetSpec[] => [
  { id: 'a', executor: httpExecutor(a.url) },
  { id: 'b', executor: httpExecutor(b.url) },
];
const hooked = (...hooks: readonly Hook[]): Rig => rig(targets(), { hooks, hookMs: 100 });
const never = new Promise<never>(() => undefined);
const textOf = (request: ModelRequest | undefined): string => {
  const [part] = request?.turns[0]?.parts ?? [];
  return part?.type === 'text' ? part.text : '';
};
const saying = (request: ModelRequest | undefined, text: string): ModelRequest => ({
  ...(request as ModelRequest),
  turns: [{ role: 'user', parts: [{ type: 'text', text }] }],
});
const bodies = (): string[] => [...a.seen, ...b.seen].map(({ body }) => body);

describe('a request', () => {
  test('that no hook reads goes upstream as it came', async () => {
    const seen: HookCall[] = [];
    const headers = { 'anthropic-beta': 'x' };
    const found = hooked(
      hook({
        onRequest(client, body) {
          seen.push(client);
          expect(body).toEqual({});
          return undefined;
        },
      }),
    );
    await found.dispatcher.handle(call({ headers }));
    expect(seen).toMatchObject([{ model: 'm', dialect: 'openai-chat', operation: 'generate' }]);
    expect(seen[0]?.headers).toBeUndefined();
    expect(bodies()).toEqual(['{"model":"up"}']);
    expect(found.entered.get('plug')).toBe(0);
  });

  test('shows its headers to who needs them', async () => {
    const seen: unknown[] = [];
    const headers = { 'anthropic-beta': 'x' };
    const look = hook({
      needs: ['headers'],
      onRequest: (client) => void seen.push(client.headers),
    });
    await hooked(look).dispatcher.handle(call({ headers }));
    expect(seen).toEqual([headers]);
  });

  test('is changed by one after another', async () => {
    const add = (id: string, order: number): Hook =>
      hook({
        id,
        order,
        needs: ['body'],
        onRequest: async (_, { request }) => {
          await Promise.resolve();
          return { request: saying(request, `${textOf(request)}+${id}`) };
        },
      });
    await hooked(add('late', 2), add('early', 1)).dispatcher.handle(call());
    expect(bodies()).toEqual(['{"model":"up"}+early+late']);
  });

  test('that is read is encoded anew, though nothing is changed', async () => {
    await hooked(hook({ needs: ['body'], onRequest: () => undefined })).dispatcher.handle(call());
    expect(bodies()).toEqual(['anew {"model":"up"}']);
  });

  test('for embeddings may be changed, but keeps the number of its inputs', async () => {
    const change = (inputs: readonly string[]): Hook =>
      hook({
        needs: ['body'],
        onRequest: (_, { embed }) => ({ embed: { model: 'elsewhere', ...embed, inputs } }),
      });
    await hooked(change(['x'])).dispatcher.handle(call({ operation: 'embed', stream: false }));
    expect(bodies()).toEqual(['x']);
    const { code } = await errorOf(
      hooked(change([])).dispatcher.handle(call({ operation: 'embed', stream: false })),
    );
    expect(code).toBe('PLUGIN_HOOK_FAILED');
  });

  test('is refused by an error that a hook means', async () => {
    const refusal = new GatewayError('PLUGIN_HOOK_REFUSED', 'not on a Sunday', {
      failure: { kind: 'forbidden', scope: 'request' },
    });
    const found = hooked(hook({ onFailure: 'continue', onRequest: () => Promise.reject(refusal) }));
    expect(await errorOf(found.dispatcher.handle(call()))).toBe(refusal);
    expect(bodies()).toEqual([]);
    expect(found.faults).toEqual([]);
    expect(found.finished()).toMatchObject([{ outcome: 'failed', code: 'PLUGIN_HOOK_REFUSED' }]);
    expect(found.entered.get('plug')).toBe(0);
  });
});

describe.each(['onRequest', 'onAttempt'] as const)('a hook that fails in %s', (name) => {
  const failing: readonly (readonly [string, () => unknown, RegExp])[] = [
    [
      'throws',
      () => {
        throw new TypeError('oops');
      },
      /threw TypeError/,
    ],
    ['rejects', async () => Promise.reject(new Error('oops')), /threw Error/],
    [
      'throws nothing',
      () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- plugins may
        throw undefined;
      },
      /threw undefined/,
    ],
    ['hangs', () => never, /is not done with .* within 100 ms/],
    ['gives junk', () => 5, /gave junk/],
    ['gives a request that is none', () => ({ request: { turns: 'x' } }), /request that is none/],
    [
      'gives a part that is none',
      () => ({
        request: { turns: [{ role: 'user', parts: [{ type: 'text' }] }], tools: [], extras: {} },
      }),
      /request that is none/,
    ],
    ['changes what it was not shown', () => ({ embed: { inputs: ['x'] } }), /was not shown/],
    [
      'gives something hostile',
      () => ({
        get request() {
          throw new Error('no');
        },
      }),
      /threw Error/,
    ],
  ];
  const made = (onFailure: Hook['onFailure'], deed: () => unknown): Hook =>
    hook({ needs: ['body'], onFailure, [name]: deed });

  test.each(failing)('%s: the request goes on without it', async (_what, deed, said) => {
    const found = hooked(made('continue', deed));
    const client = call();
    await found.dispatcher.handle(client);
    expect(client.got).toMatchObject({ state: 'ended', sins: [] });
    expect(bodies()).toEqual(['anew {"model":"up"}']);
    expect(found.faults).toEqual([expect.stringMatching(said)]);
    expect(found.faults[0]).toContain('hook "h" of plugin instance "plug"');
  });

  test.each(failing)(
    '%s: the request is refused where nothing passes without it',
    async (_what, deed, said) => {
      const found = hooked(made('refuse', deed));
      const error = await errorOf(found.dispatcher.handle(call()));
      expect(error.code).toBe('PLUGIN_HOOK_FAILED');
      expect(error.message).toMatch(said);
      expect(bodies()).toEqual([]);
      expect(found.faults).toHaveLength(1);
      expect(found.book.availability('a', 'a/a0', 'up').usable).toBe(true);
      expect([...found.entered.values()]).toEqual([0]);
    },
  );
});

describe('a hook that fails again and again', () => {
  const broken = (onFailure: Hook['onFailure'], calls: unknown[]): Hook =>
    hook({
      onFailure,
      onRequest: (client) => {
        calls.push(client);
        throw new Error('oops');
      },
    });

  test('is left out for a while', async () => {
    const calls: unknown[] = [];
    const found = hooked(broken('continue', calls));
    for (let count = 0; count < 8; count++) await found.dispatcher.handle(call());
    expect(calls).toHaveLength(5);
    expect(found.finished().every(({ outcome }) => outcome === 'answered')).toBe(true);
  });

  test('is asked no more where nothing passes without it, and the client is told when to come back', async () => {
    const calls: unknown[] = [];
    const found = hooked(broken('refuse', calls));
    let error: GatewayError | undefined;
    for (let count = 0; count < 8; count++) error = await errorOf(found.dispatcher.handle(call()));
    expect(calls).toHaveLength(5);
    expect(error).toMatchObject({ code: 'PLUGIN_HOOK_FAILED' });
    expect(error?.message).toContain('again and again');
    expect(error?.failure?.resetAtMs).toBeGreaterThan(Date.now() - 1_000);
    expect(bodies()).toEqual([]);
  });
});

test('a client that leaves is not held by a hook that hangs', async () => {
  const signals: AbortSignal[] = [];
  const found = rig(targets(), {
    hooks: [
      hook({
        onRequest: (client) => {
          signals.push(client.signal);
          return never;
        },
      }),
    ],
  });
  const client = call();
  const handled = found.dispatcher.handle(client);
  await until(() => signals.length > 0, 'the hook');
  client.got.leave();
  await handled;
  expect(signals[0]?.aborted).toBe(true);
  expect(found.finished()).toMatchObject([{ outcome: 'client-left' }]);
  expect(found.faults).toEqual([]);
});

describe('an attempt', () => {
  test('is kept away from one target, and the next answers', async () => {
    const seen: unknown[] = [];
    const found = hooked(
      hook({
        onAttempt: (attempt) => {
          seen.push(attempt);
          return attempt.instanceId === 'a' ? { veto: 'not there' } : undefined;
        },
      }),
    );
    await found.dispatcher.handle(call());
    expect(a.seen).toEqual([]);
    expect(b.seen).toHaveLength(1);
    expect(seen).toEqual([
      { instanceId: 'a', accountLabel: '***0', model: 'up', number: 1 },
      { instanceId: 'b', accountLabel: '***0', model: 'up', number: 1 },
    ]);
    expect(found.book.availability('a', 'a/a0', 'up').usable).toBe(true);
  });

  test('is kept away from all: the client gets the reason', async () => {
    const found = hooked(hook({ onAttempt: () => ({ veto: 'outside of office hours' }) }));
    const error = await errorOf(found.dispatcher.handle(call()));
    expect(error).toMatchObject({ code: 'PLUGIN_HOOK_REFUSED' });
    expect(error.message).toBe(
      'hook "h" of plugin instance "plug" refuses it: outside of office hours',
    );
    expect(found.faults).toEqual([]);
  });

  test('has a body of its own, which a replay sends again', async () => {
    let renewed = false;
    const refused = await upstream(answers.status(401), answers.lines(...whole));
    const refresh = async (): Promise<boolean> => {
      renewed = true;
      return Promise.resolve(true);
    };
    const found = rig([{ id: 'a', executor: httpExecutor(refused.url), refresh }], {
      hooks: [
        hook({
          needs: ['body'],
          onAttempt: ({ request, instanceId }) => ({
            request: saying(request, `for ${instanceId}`),
          }),
        }),
      ],
    });
    await found.dispatcher.handle(call());
    expect(renewed).toBe(true);
    expect(refused.seen.map(({ body }) => body)).toEqual(['for a', 'for a']);
    await refused.close();
  });
});

describe('an answer', () => {
  const hello: readonly ModelEvent[] = [
    { type: 'start' },
    { type: 'open', index: 0, part: { type: 'text', text: '' } },
    { type: 'delta', index: 0, text: 'hello' },
    { type: 'close', index: 0 },
    { type: 'finish', reason: 'stop' },
  ];
  const answering = (events: readonly ModelEvent[] = hello): TargetSpec[] => [
    {
      id: 'a',
      executor: eventExecutor(async function* () {
        await Promise.resolve();
        yield* events;
      }),
    },
    { id: 'b', executor: httpExecutor(b.url) },
  ];
  const shout = (parts: Partial<Hook> = {}): Hook =>
    hook({
      needs: ['events'],
      onEvents: ({ state }) => ({
        push: (event) => [
          event.type === 'delta' ? { ...event, text: `${event.text}${String(state.mark)}` } : event,
        ],
      }),
      onRequest: ({ state }) => {
        state.mark = '!';
        return undefined;
      },
      ...parts,
    });

  test('is changed, with what onRequest has noted', async () => {
    const client = call();
    await rig(answering(), { hooks: [shout()] }).dispatcher.handle(client);
    expect(client.got).toMatchObject({ state: 'ended', sins: [] });
    expect(client.got.text).toBe('start\nopen text\ntext hello!\ndone\n');
  });

  test('of each attempt has a transform of its own', async () => {
    let made = 0;
    const broken = answering(hello.slice(0, 1));
    const hooks = [
      shout({
        onEvents: () => {
          made += 1;
          return undefined;
        },
      }),
    ];
    const client = call();
    await rig(
      [...broken.slice(0, 1), ...answering().map((one) => ({ ...one, id: `${one.id}2` }))],
      {
        hooks,
      },
    ).dispatcher.handle(client);
    expect(made).toBe(2);
    expect(client.got).toMatchObject({ state: 'ended', sins: [] });
  });

  test.each<[string, Required<Hook>['onEvents']]>([
    [
      'throws',
      () => {
        throw new Error('oops');
      },
    ],
    ['gives no transform', () => ({ pull: () => [] }) as never],
    ['gives a promise', () => Promise.resolve() as never],
    [
      'throws at the first event',
      () => ({
        push() {
          throw new Error('oops');
        },
      }),
    ],
  ])('with a hook that %s', async (_what, onEvents) => {
    const lenient = rig(answering(), { hooks: [shout({ onEvents, onFailure: 'continue' })] });
    const client = call();
    await lenient.dispatcher.handle(client);
    expect(client.got.text).toBe('start\nopen text\ntext hello\ndone\n');
    expect(lenient.faults).toHaveLength(1);
    const strict = rig(answering(), { hooks: [shout({ onEvents })] });
    const error = await errorOf(strict.dispatcher.handle(call()));
    expect(error.code).toBe('PLUGIN_HOOK_FAILED');
    // No other target is tried, and nobody is out.
    expect(b.seen).toEqual([]);
    expect(strict.book.availability('a', 'a/a0', 'up').usable).toBe(true);
  });

  test('breaks off where the hook fails after its beginning', async () => {
    const onEvents: Required<Hook>['onEvents'] = () => ({
      push(event) {
        if (event.type === 'close') throw new Error('oops');
        return [event];
      },
    });
    const found = rig(answering(), { hooks: [shout({ onEvents })] });
    const client = call();
    await found.dispatcher.handle(client);
    expect(client.got).toMatchObject({ state: 'ended', sins: [] });
    expect(client.got.text).toBe('start\nopen text\ntext hello\nFAILED PLUGIN_HOOK_FAILED\n');
    expect(found.finished()).toMatchObject([{ outcome: 'broken', code: 'PLUGIN_HOOK_FAILED' }]);
    expect(found.book.availability('a', 'a/a0', 'up').usable).toBe(true);
  });
});

describe('what a request came to', () => {
  const noting = (records: HookRecord[]): Hook =>
    hook({ onComplete: (record) => void records.push(record) });

  test('is told with its attempts, and nothing that was said', async () => {
    const records: HookRecord[] = [];
    const busy = await upstream(answers.status(503, 'too busy'));
    const found = rig([{ id: 'a', executor: httpExecutor(busy.url) }, ...targets().slice(1)], {
      hooks: [noting(records)],
    });
    const client = call();
    await found.dispatcher.handle(client);
    await until(() => records.length > 0, 'the record');
    expect(records).toMatchObject([
      {
        requestId: client.requestId,
        model: 'm',
        outcome: 'answered',
        status: 200,
        attempts: [
          { instanceId: 'a', outcome: 'failed', failure: 'overloaded', status: 503 },
          { instanceId: 'b', outcome: 'answered', status: 200 },
        ],
      },
    ]);
    expect(JSON.stringify(records)).not.toContain('too busy');
    expect(found.entered.get('plug')).toBe(0);
    await busy.close();
  });

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('oops');
      },
    ],
    ['rejects', async () => Promise.reject(new Error('oops'))],
    ['hangs', () => never],
  ])('costs nobody anything where the hook %s', async (_what, deed) => {
    const records: HookRecord[] = [];
    const bad = hook({ id: 'bad', onComplete: () => deed() as undefined });
    const found = hooked(bad, noting(records));
    for (let count = 0; count < 3; count++) {
      const client = call();
      await found.dispatcher.handle(client);
      expect(client.got.state).toBe('ended');
    }
    await until(() => records.length === 3 && found.faults.length === 3, 'all of it');
    expect(found.entered.get('plug')).toBe(0);
  });

  test('is told of failed ones, too', async () => {
    const records: HookRecord[] = [];
    const found = rig(targets(), {
      hooks: [noting(records)],
      unknown: true,
      plan: { candidates: [] },
    });
    expect((await errorOf(found.dispatcher.handle(call()))).code).toBe('ROUTE_MODEL_NOT_FOUND');
    await until(() => records.length > 0, 'the record');
    expect(records).toMatchObject([
      { outcome: 'failed', code: 'ROUTE_MODEL_NOT_FOUND', attempts: [] },
    ]);
  });
});
