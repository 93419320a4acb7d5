import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '@cliproxy/plugin-api';
import type { CallContext, EventExecutor } from '@cliproxy/plugin-api';
import { call, errorOf, rig, until } from '../../test/dispatch-rig.ts';

type Answer = (call: CallContext) => unknown;

/** An executor that answers both operations by whatever it is given. */
function answering(answer: Answer): EventExecutor {
  const both = (_: unknown, context: CallContext) => answer(context) as Promise<never>;
  return {
    kind: 'events',
    models: async () => Promise.resolve([]),
    run: () => {
      throw new Error('not asked to generate');
    },
    countTokens: both,
    embed: both,
  };
}

const ask = (operation: 'count-tokens' | 'embed') => call({ operation, stream: false });
const times = { firstByteMs: 100 };

describe.each(['count-tokens', 'embed'] as const)('%s', (operation) => {
  test('is answered whole, with its length and usage', async () => {
    const found = rig([{ id: 'a', executor: answering(async () => Promise.resolve(7)) }]);
    const client = ask(operation);
    await found.dispatcher.handle(client);
    expect(client.got).toMatchObject({ text: 'whole 7\n', state: 'ended', sins: [] });
    expect(client.got.head).toMatchObject({ status: 200, contentLength: 8 });
    expect(found.finished()).toMatchObject([
      { outcome: 'answered', operation, passthrough: false, usage: { inputTokens: 7 } },
    ]);
    expect(found.entered.get('a')).toBe(0);
  });

  test('gets the account, the model and the attempt', async () => {
    const seen: CallContext[] = [];
    const executor = answering((context) => {
      seen.push(context);
      return Promise.resolve(1);
    });
    await rig([{ id: 'a', executor }]).dispatcher.handle(ask(operation));
    expect(seen).toMatchObject([{ model: 'up', attempt: 1, account: { id: 'a/a0' } }]);
  });

  test.each<[string, Answer]>([
    [
      'throws',
      () => {
        throw new Error('oops');
      },
    ],
    ['rejects', async () => Promise.reject(new Error('oops'))],
    ['gives junk', async () => Promise.resolve({ vectors: 'none' })],
    ['gives nothing', () => undefined],
    ['gives no promise of a number', () => 'seven'],
    [
      'gives a promise that is none',
      () => ({
        then() {
          throw new Error('hostile');
        },
      }),
    ],
  ])('that %s: the next target answers', async (_, answer) => {
    const found = rig([
      { id: 'a', executor: answering(answer) },
      { id: 'b', executor: answering(async () => Promise.resolve(7)) },
    ]);
    const client = ask(operation);
    await found.dispatcher.handle(client);
    expect(client.got.text).toBe('whole 7\n');
    expect(found.finished()[0]?.attempts[0]).toMatchObject({ code: 'PLUGIN_FAULT' });
    expect(found.faults).toHaveLength(1);
  });

  test('that throws one of ours means what it says', async () => {
    const busy = new GatewayError('UPSTREAM_OVERLOADED', 'busy', {
      failure: { kind: 'overloaded', scope: 'account', message: 'busy' },
    });
    const found = rig([{ id: 'a', executor: answering(async () => Promise.reject(busy)) }]);
    expect((await errorOf(found.dispatcher.handle(ask(operation)))).code).toBe(
      'UPSTREAM_OVERLOADED',
    );
    expect(found.book.availability('a', 'a/a0', 'up').usable).toBe(false);
  });

  test('that hangs times out, and its late reply is dropped', async () => {
    let late: ((value: number) => void) | undefined;
    const aborted: boolean[] = [];
    const executor = answering(async ({ signal }) => {
      signal.addEventListener('abort', () => aborted.push(true));
      return new Promise((resolve) => (late = resolve));
    });
    const found = rig([{ id: 'a', executor }], { timeouts: times });
    const client = ask(operation);
    expect((await errorOf(found.dispatcher.handle(client))).code).toBe('UPSTREAM_TIMEOUT');
    expect(aborted).toEqual([true]);
    late?.(7);
    await new Promise(setImmediate);
    expect(client.got).toMatchObject({ text: '', state: 'new' });
  });

  test('is aborted when the client leaves', async () => {
    let signal: AbortSignal | undefined;
    const executor = answering(async (context) => {
      signal = context.signal;
      return new Promise(() => undefined);
    });
    const found = rig([{ id: 'a', executor }]);
    const client = ask(operation);
    const handled = found.dispatcher.handle(client);
    await until(() => signal !== undefined, 'the call');
    client.got.leave();
    await handled;
    expect(signal?.aborted).toBe(true);
    expect(found.finished()).toMatchObject([{ outcome: 'client-left' }]);
  });
});
