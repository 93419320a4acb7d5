/** Whatever upstreams, plugins and clients do: one answer, one record, nothing after the end. */
import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { GatewayError } from '@cliproxy/plugin-api';
import type { ModelEvent, WireExecutor, WireReply } from '@cliproxy/plugin-api';
import fc from 'fast-check';
import { call, eventExecutor, rig } from '../../test/dispatch-rig.ts';
import type { TargetSpec } from '../../test/dispatch-rig.ts';

type Step = 'start' | 'text' | 'usage' | 'wait' | 'done' | 'error' | 'break' | 'oops' | 'junk';
interface Script {
  readonly reply: 'ok' | 'reject' | 'throw' | 'undefined' | 401 | 404 | 429 | 500;
  readonly events: boolean;
  readonly steps: readonly Step[];
}

const step = fc.constantFrom<Step>(
  'start',
  'text',
  'text',
  'usage',
  'wait',
  'done',
  'error',
  'break',
  'oops',
  'junk',
);
const script: fc.Arbitrary<Script> = fc.record({
  reply: fc.oneof(
    { weight: 3, arbitrary: fc.constant('ok' as const) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Script['reply']>(
        'reject',
        'throw',
        'undefined',
        401,
        404,
        429,
        500,
      ),
    },
  ),
  events: fc.boolean(),
  steps: fc.array(step, { maxLength: 8 }),
});
const client = fc.record({
  stream: fc.boolean(),
  /** Leaves at the nth write. */
  leavesAt: fc.option(fc.nat({ max: 5 })),
  /** Is slow from the nth write on, each time for a while. */
  slowFrom: fc.option(fc.nat({ max: 3 })),
});

const pause = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('random scripts never yield two answers, nor a word after the end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(script, { minLength: 1, maxLength: 4 }),
      client,
      async (scripts, who) => {
        const targets = scripts.map((one, index) => targetOf(`t${index}`, one));
        const found = rig(targets, { failover: { holdBodyBytes: 12, holdStreamBytes: 24 } });
        const request = call({ stream: who.stream });
        const { got } = request;
        let writes = 0;
        got.onWrite = () => {
          writes += 1;
          if (who.leavesAt !== null && writes > who.leavesAt) got.leave();
          if (who.slowFrom !== null && writes > who.slowFrom) {
            got.fast = false;
            setImmediate(() => {
              got.drain();
            });
          }
        };
        let error: GatewayError | undefined;
        await found.dispatcher.handle(request).catch((thrown: unknown) => {
          error = thrown as GatewayError;
        });
        const before = got.text;
        await pause();
        await pause();

        expect(got.sins).toEqual([]);
        expect(got.text).toBe(before);
        const told = found.finished();
        expect(told).toHaveLength(1);
        const [{ outcome, attempts }] = told as [(typeof told)[0]];
        const speakers = new Set([...got.text.matchAll(/text (t\d)/g)].map((match) => match[1]));
        expect(speakers.size).toBeLessThanOrEqual(1);
        if (speakers.size === 1) expect([...speakers][0]).toBe(attempts.at(-1)?.instanceId);
        if (error !== undefined) expect([got.state, outcome]).toEqual(['new', 'failed']);
        if (outcome === 'answered') {
          expect(got.state).toBe('ended');
          expect(got.text).toContain('done\n');
          expect(got.text).not.toContain('FAILED');
        }
        if (outcome === 'broken') {
          expect(got.state).toBe(who.stream ? 'ended' : 'cut');
          if (who.stream) expect(got.text).toMatch(/FAILED \w+\n$/);
        }
        if (outcome === 'client-left') expect(who.leavesAt).not.toBeNull();
        for (const count of found.entered.values()) expect(count).toBe(0);
      },
    ),
    { numRuns: 600 },
  );
}, 60_000);

function targetOf(id: string, one: Script): TargetSpec {
  return { id, executor: one.events ? eventsOf(id, one) : wireOf(id, one) };
}

function eventsOf(id: string, { reply, steps }: Script): ReturnType<typeof eventExecutor> {
  return eventExecutor(async function* () {
    if (reply !== 'ok') throw new GatewayError('UPSTREAM_OVERLOADED', 'busy');
    for (const what of steps) {
      if (what === 'wait') await pause();
      else yield eventOf(id, what);
    }
  });
}

function eventOf(id: string, what: Step): ModelEvent {
  switch (what) {
    case 'text':
      return { type: 'delta', index: 0, text: id };
    case 'usage':
      return { type: 'usage', usage: { inputTokens: 1, outputTokens: 1 } };
    case 'done':
      return { type: 'finish', reason: 'stop' };
    case 'error':
    case 'break':
      throw new GatewayError('UPSTREAM_OVERLOADED', 'busy');
    case 'oops':
      throw new TypeError('bug');
    case 'junk':
      return { type: 'banana' } as never;
    case 'start':
    case 'wait':
      return { type: 'start' };
  }
}

function wireOf(id: string, one: Script): WireExecutor {
  return {
    kind: 'wire',
    speaks: { 'openai-chat': ['generate'] },
    models: async () => Promise.resolve([]),
    send: () => {
      const { reply, steps } = one;
      if (reply === 'throw') throw new Error('boom');
      if (reply === 'reject') return Promise.reject(new Error('boom'));
      if (reply === 'undefined') return undefined as never;
      const status = reply === 'ok' ? 200 : reply;
      return Promise.resolve<WireReply>({ status, headers: {}, body: bodyOf(id, steps) });
    },
  };
}

function bodyOf(id: string, steps: readonly Step[]): Readable {
  async function* chunks(): AsyncGenerator {
    for (const what of steps) {
      if (what === 'wait') await pause();
      else if (what === 'break') throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
      else if (what === 'junk') yield { not: 'bytes' };
      else if (what === 'text') yield Buffer.from(`text ${id}\n`);
      else if (what === 'usage') yield Buffer.from('usage 1 1\n');
      else yield Buffer.from(`${what}\n`);
    }
  }
  return Readable.from(chunks());
}
