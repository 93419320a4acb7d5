import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import type { WireExecutor, WireReply } from '@cliproxy/plugin-api';
import { call, errorOf, rig } from '../../test/dispatch-rig.ts';
import type { Rig, TargetSpec } from '../../test/dispatch-rig.ts';

/** What the plugin under test does with its next requests; the last one repeats. */
type Deed = 'answer' | 'throw' | 'break' | 'refuse';

const reply = (status: number, ...lines: readonly string[]): WireReply => {
  const body = new PassThrough();
  body.end(lines.map((line) => `${line}\n`).join(''));
  return { status, headers: {}, body };
};

function executor(deed: () => Deed): WireExecutor {
  return {
    kind: 'wire',
    speaks: { 'openai-chat': ['generate'] },
    models: async () => Promise.resolve([]),
    send: () => {
      const what = deed();
      if (what === 'throw') throw new TypeError('x is not a function');
      if (what === 'refuse') return Promise.resolve(reply(529, 'full'));
      if (what === 'answer') return Promise.resolve(reply(200, 'start', 'text hello', 'done'));
      const body = new PassThrough();
      body.write('start\ntext half\n');
      // Objects are no bytes: the plugin breaks its own answer.
      setImmediate(() => body.emit('data', { a: 1 }));
      return Promise.resolve({ status: 200, headers: {}, body });
    },
  };
}

function stage(targets: readonly string[] = ['bad']) {
  const bad = { deed: 'throw' as Deed, asked: 0 };
  let nowMs = 1_700_000_000_000;
  const specs = targets.map((id): TargetSpec => ({
    id,
    executor: executor(() => {
      if (id !== 'bad') return 'answer';
      bad.asked += 1;
      return bad.deed;
    }),
  }));
  const found = rig(specs, {
    now: () => nowMs,
    failover: { pluginFaults: 3, pluginFaultMaxMs: 4_000, overloadedMs: 1 },
  });
  return { bad, found, pass: (ms: number) => (nowMs += ms), now: () => nowMs };
}

async function ask(found: Rig): Promise<string> {
  const client = call();
  await found.dispatcher.handle(client);
  return client.got.text;
}

const refusal = async (found: Rig) => {
  const client = call();
  return errorOf(found.dispatcher.handle(client));
};

test('after so many faults it is not asked, and the client is told when it may be', async () => {
  const { bad, found, now } = stage();
  for (let n = 0; n < 3; n += 1) {
    expect((await refusal(found)).code).toBe('PLUGIN_FAULT');
  }
  expect(bad.asked).toBe(3);
  const error = await refusal(found);
  expect(bad.asked).toBe(3);
  expect(error).toMatchObject({
    code: 'ROUTE_NO_ACCOUNT',
    message: expect.stringContaining('bad: its plugin fails again and again, tried again in 1 s'),
    failure: { resetAtMs: now() + 1_000 },
  });
  // What the plugin threw is its operator's affair.
  expect(error.message).not.toContain('TypeError');
  expect(found.events.filter(({ type }) => type === 'circuit-changed')).toMatchObject([
    { instanceId: 'bad', state: 'open', openings: 1 },
  ]);
});

test('one trial passes; others wait for what it brings', async () => {
  const { bad, found, pass } = stage();
  for (let n = 0; n < 3; n += 1) await refusal(found);
  pass(1_000);
  bad.deed = 'answer';
  const [first, second] = await Promise.allSettled([ask(found), ask(found)]);
  expect([first.status, second.status]).toEqual(['fulfilled', 'rejected']);
  expect(bad.asked).toBe(4);
  expect(await ask(found)).toContain('hello');
  expect(found.events.at(-2)).toMatchObject({ type: 'request-finished', outcome: 'answered' });
  expect(found.events.filter(({ type }) => type === 'circuit-changed').at(-1)).toMatchObject({
    state: 'closed',
  });
});

test('a trial that fails doubles the time, up to the limit', async () => {
  const { bad, found, pass, now } = stage();
  for (let n = 0; n < 3; n += 1) await refusal(found);
  const waits = [];
  for (let n = 0; n < 4; n += 1) {
    const { failure } = await refusal(found);
    const waitMs = (failure?.resetAtMs ?? 0) - now();
    waits.push(waitMs);
    pass(waitMs);
    await refusal(found);
  }
  expect(waits).toEqual([1_000, 2_000, 4_000, 4_000]);
  expect(bad.asked).toBe(3 + 4);
});

test('a trial whose upstream fails properly is passed: the plugin works', async () => {
  const { bad, found, pass } = stage();
  for (let n = 0; n < 3; n += 1) await refusal(found);
  pass(1_000);
  bad.deed = 'refuse';
  expect((await refusal(found)).code).toBe('UPSTREAM_OVERLOADED');
  expect(found.events.filter(({ type }) => type === 'circuit-changed').at(-1)).toMatchObject({
    state: 'closed',
  });
});

test('answers that break after their beginning put it out as well', async () => {
  const { bad, found } = stage();
  bad.deed = 'break';
  for (let n = 0; n < 3; n += 1) expect(await ask(found)).toContain('half');
  expect((await refusal(found)).code).toBe('ROUTE_NO_ACCOUNT');
  expect(bad.asked).toBe(3);
});

test('another target answers meanwhile, and no client notices', async () => {
  const { bad, found } = stage(['bad', 'good']);
  for (let n = 0; n < 20; n += 1) expect(await ask(found)).toContain('hello');
  expect(bad.asked).toBe(3);
  // Its account is as good as before: nobody has said anything against it.
  expect(found.book.standing('bad', 'bad/a0')).toMatchObject({ state: 'usable' });
});
