import { afterEach, describe, expect, test } from '@jest/globals';
import { GatewayError } from '@cliproxy/plugin-api';
import type { Plan } from '../routing/plan.ts';
import {
  answers,
  call,
  errorOf,
  httpExecutor,
  rig,
  until,
  upstream,
  whole,
} from '../../test/dispatch-rig.ts';
import type { Rig, Script, TargetSpec, Upstream } from '../../test/dispatch-rig.ts';

const open: Upstream[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

async function up(...scripts: readonly Script[]): Promise<Upstream> {
  const one = await upstream(...scripts);
  open.push(one);
  return one;
}

async function target(id: string, ...scripts: readonly Script[]): Promise<TargetSpec> {
  return { id, executor: httpExecutor((await up(...scripts)).url) };
}

function settled({ entered }: Rig): boolean {
  return [...entered.values()].every((count) => count === 0);
}

const good = 'start\ntext hello\ndone\n';

test('an answer goes through, and is told once', async () => {
  const found = rig([await target('a', answers.lines('start', 'text hello', 'usage 3 5', 'done'))]);
  const client = call({ headers: { 'anthropic-beta': 'x' } });
  await found.dispatcher.handle(client);
  expect(client.got).toMatchObject({
    text: 'start\ntext hello\nusage 3 5\ndone\n',
    state: 'ended',
    sins: [],
    head: {
      status: 200,
      contentType: 'text/lines',
      headers: { 'x-upstream-request-id': 'up-1' },
    },
  });
  expect(open[0]?.seen[0]).toMatchObject({
    body: '{"model":"up"}',
    headers: { 'content-type': 'application/json', 'anthropic-beta': 'x' },
  });
  expect(found.finished()).toEqual([
    expect.objectContaining({
      requestId: client.requestId,
      outcome: 'answered',
      status: 200,
      passthrough: true,
      usage: { inputTokens: 3, outputTokens: 5 },
      finish: 'stop',
      firstTokenMs: expect.any(Number),
      attempts: [
        expect.objectContaining({
          instanceId: 'a',
          account: 'a/a0',
          accountLabel: '***0',
          model: 'up',
          status: 200,
          outcome: 'answered',
          upstreamRequestId: 'up-1',
        }),
      ],
    }),
  ]);
  expect(settled(found)).toBe(true);
});

test('an answer without stream is held until it is complete, and its length is told', async () => {
  const found = rig([await target('a', answers.lines(...whole))]);
  const client = call({ stream: false });
  await found.dispatcher.handle(client);
  expect(client.got).toMatchObject({ text: good, state: 'ended' });
  expect(client.got.head?.contentLength).toBe(good.length);
});

describe('a configuration that changes while a request fails', () => {
  test('another target of a new generation answers', async () => {
    const b = await target('b', answers.lines(...whole));
    const slow: Script = (request, response) => {
      found.replace(b);
      answers.status(500, 'oh')(request, response);
    };
    const found = rig([await target('a', slow), await target('b', answers.status(500, 'old'))]);
    const client = call();
    await found.dispatcher.handle(client);
    expect(client.got).toMatchObject({ text: good, state: 'ended', sins: [] });
    const tried = found
      .finished()[0]
      ?.attempts.map(({ instanceId, outcome }) => [instanceId, outcome]);
    expect(tried).toEqual([
      ['a', 'failed'],
      ['b', 'answered'],
    ]);
    expect(settled(found)).toBe(true);
  });

  test('another account of the new generation answers; one that has ended for good is no loop', async () => {
    const fresh = { ...(await target('a', answers.lines(...whole))), accounts: 2 };
    for (const next of [fresh, { ...fresh, executor: undefined as never }]) {
      const script: Script = (request, response) => {
        found.replace(next);
        answers.status(403)(request, response);
      };
      const found = rig([{ ...(await target('a', script)), accounts: 2 }]);
      const client = call();
      const handled = found.dispatcher.handle(client);
      if (next === fresh) {
        await handled;
        expect(client.got).toMatchObject({ text: good, state: 'ended' });
      } else expect((await errorOf(handled)).code).toBe('UPSTREAM_FORBIDDEN');
    }
  });
});

describe('before the commit point the next target answers', () => {
  const refused: TargetSpec = { id: 'a', executor: httpExecutor('http://127.0.0.1:1') };
  const cases: Readonly<Record<string, { readonly script?: Script; readonly kind: string }>> = {
    '429': { script: answers.status(429, 'slow down', { 'retry-after': '3' }), kind: 'rate-limit' },
    '500': { script: answers.status(500, 'oh'), kind: 'upstream' },
    '529': { script: answers.status(529, 'busy'), kind: 'overloaded' },
    '404': { script: answers.status(404, 'no such model'), kind: 'not-found' },
    '403': { script: answers.status(403), kind: 'forbidden' },
    'an error inside a 200 stream': {
      script: answers.lines('start', 'error overloaded busy'),
      kind: 'overloaded',
    },
    'meaningful bytes and an error in one chunk': {
      script: answers.lines('start', 'text hel', 'error overloaded busy'),
      kind: 'overloaded',
    },
    'a broken start': { script: answers.breaks('start'), kind: 'network' },
    'a broken head': { script: answers.breaks(), kind: 'network' },
    'no answer': { script: (_, response) => response.destroy(), kind: 'network' },
    'a clean end too early': { script: answers.lines('start'), kind: 'upstream' },
    'a pipe that stumbles': { script: answers.lines('oops'), kind: 'upstream' },
    'a refused connection': { kind: 'network' },
  };
  test.each(Object.entries(cases))('%s', async (_, { script, kind }) => {
    const first = script === undefined ? refused : await target('a', script);
    const found = rig([first, await target('b', answers.lines(...whole))]);
    const client = call();
    await found.dispatcher.handle(client);
    expect(client.got).toMatchObject({ text: good, state: 'ended', sins: [] });
    const [told, ...more] = found.finished();
    expect(more).toEqual([]);
    expect(
      told?.attempts.map(({ instanceId, outcome, failure }) => [instanceId, outcome, failure]),
    ).toEqual([
      ['a', 'failed', kind],
      ['b', 'answered', undefined],
    ]);
    expect(settled(found)).toBe(true);
  });
});

test('accounts of one target are tried before the next target', async () => {
  const a = await up(answers.status(429, 'no'), answers.lines(...whole));
  const found = rig([
    { id: 'a', executor: httpExecutor(a.url), accounts: 2 },
    await target('b', answers.lines(...whole)),
  ]);
  const client = call();
  await found.dispatcher.handle(client);
  expect(found.finished()[0]?.attempts.map(({ account }) => account)).toEqual(['a/a0', 'a/a1']);
  expect(found.book.availability('a', 'a/a0', 'up').usable).toBe(false);
});

describe('after the commit point', () => {
  const cases: Readonly<Record<string, readonly [Script, string]>> = {
    'a broken connection': [answers.breaks('start', 'text hel'), 'UPSTREAM_UNREACHABLE'],
    'an error in the stream': [
      (_, response) => {
        response.writeHead(200);
        response.write('start\ntext hel\n');
        setTimeout(() => response.end('text lo\nerror overloaded busy\n'), 20);
      },
      'UPSTREAM_FAILED',
    ],
    'an early end': [answers.lines('start', 'text hel'), 'UPSTREAM_TRUNCATED'],
  };
  test.each(Object.entries(cases))('%s is told, nobody else answers', async (_, [script, code]) => {
    const b = await up(answers.lines(...whole));
    const found = rig([await target('a', script), { id: 'b', executor: httpExecutor(b.url) }]);
    const client = call();
    await found.dispatcher.handle(client);
    expect(client.got.text).toMatch(new RegExp(`^start\ntext hel\n.*FAILED ${code}\n$`, 's'));
    expect(client.got).toMatchObject({ state: 'ended', sins: [] });
    expect(b.seen).toEqual([]);
    expect(found.finished()).toEqual([
      expect.objectContaining({ outcome: 'broken', code, status: 200 }),
    ]);
    expect(found.book.availability('a', 'a/a0', 'up').usable).toBe(false);
  });

  test('what came with the error in the same chunk still reaches the client', async () => {
    const script: Script = (_, response) => {
      response.writeHead(200);
      response.write('text hel\n');
      setTimeout(() => response.end('text lo\nerror overloaded busy\n'), 20);
    };
    const client = call();
    await rig([await target('a', script)]).dispatcher.handle(client);
    expect(client.got.text).toBe('text hel\ntext lo\nFAILED UPSTREAM_FAILED\n');
  });

  test('a body is cut, since nothing can be said in it', async () => {
    const found = rig([await target('a', answers.breaks(`text ${'x'.repeat(200)}`, 'text y'))], {
      failover: { holdBodyBytes: 100 },
    });
    const client = call({ stream: false });
    await found.dispatcher.handle(client);
    expect(client.got).toMatchObject({ state: 'cut', sins: [] });
    expect(client.got.head?.contentLength).toBeUndefined();
    expect(found.finished()[0]?.outcome).toBe('broken');
  });
});

test('what is not meaningful is held to the limit, then committed', async () => {
  const lines = Array.from({ length: 20 }, () => 'start');
  const found = rig([await target('a', answers.breaks(...lines)), await target('b')], {
    failover: { holdStreamBytes: 100 },
  });
  const client = call();
  await found.dispatcher.handle(client);
  expect(client.got.text).toBe(`${'start\n'.repeat(20)}FAILED UPSTREAM_UNREACHABLE\n`);
});

test('commitAfterMs gives bytes early, whatever they mean', async () => {
  const script: Script = (_, response) => {
    response.writeHead(200);
    response.write('start\n');
  };
  const found = rig([await target('a', script)], { failover: { commitAfterMs: 30 } });
  const client = call();
  const handled = found.dispatcher.handle(client);
  await until(() => client.got.text === 'start\n', 'the early bytes');
  client.got.leave();
  await handled;
});

test('commitAfterMs that has passed before the head came commits with it', async () => {
  const script: Script = (_, response) => {
    setTimeout(() => {
      response.writeHead(200);
      response.write('start\n');
    }, 80);
  };
  const found = rig([await target('a', script)], { failover: { commitAfterMs: 20 } });
  const client = call();
  const handled = found.dispatcher.handle(client);
  await until(() => client.got.text === 'start\n', 'the early bytes');
  client.got.leave();
  await handled;
});

describe('the fault of the request', () => {
  test.each([
    [400, 'UPSTREAM_BAD_REQUEST'],
    [413, 'UPSTREAM_REQUEST_TOO_LARGE'],
  ])('%d goes to the client at once', async (status, code) => {
    const b = await up(answers.lines(...whole));
    const found = rig([
      await target('a', answers.status(status, 'max_tokens is too large')),
      { id: 'b', executor: httpExecutor(b.url) },
    ]);
    const client = call();
    const error = await errorOf(found.dispatcher.handle(client));
    expect(error).toMatchObject({ code, failure: { scope: 'request' } });
    expect(error.message).toContain('max_tokens is too large');
    expect(client.got.state).toBe('new');
    expect(b.seen).toEqual([]);
    expect(found.book.availability('a', 'a/a0', 'up').usable).toBe(true);
    expect(found.finished()).toEqual([
      expect.objectContaining({ outcome: 'failed', code, status }),
    ]);
  });

  test('an encoder that refuses it ends it; one that throws is our fault', async () => {
    const found = rig([await target('a', answers.lines(...whole))]);
    const bad = new GatewayError('CLIENT_BAD_REQUEST', 'messages[0] is no object');
    const throws = (thrown: unknown) => ({
      encode: () => {
        throw thrown;
      },
    });
    expect(await errorOf(found.dispatcher.handle(call(throws(bad))))).toBe(bad);
    const ours = await errorOf(found.dispatcher.handle(call(throws(new TypeError('bug')))));
    expect(ours.code).toBe('KERNEL_INTERNAL');
    expect(found.finished()).toHaveLength(2);
  });
});

describe('a target that can not do it', () => {
  test('is passed over', async () => {
    const found = rig([await target('a'), await target('b', answers.lines(...whole))]);
    const client = call({ unsupported: ['a'] });
    await found.dispatcher.handle(client);
    expect(client.got.text).toBe(good);
    expect(found.finished()[0]?.attempts).toHaveLength(1);
  });

  test('is named where there is no other', async () => {
    const found = rig([await target('a')]);
    const error = await errorOf(found.dispatcher.handle(call({ unsupported: ['a'] })));
    expect(error).toMatchObject({ code: 'CLIENT_UNSUPPORTED', message: "a can't do that" });
  });
});

describe('parameters that a target can not honour', () => {
  test('are named in a header, with nothing in it that a header may not hold', async () => {
    const found = rig([await target('a', answers.lines(...whole))]);
    const client = call({ ignored: ['logit_bias', 'a\r\nset-cookie: b', 'ü'] });
    await found.dispatcher.handle(client);
    expect(client.got.head?.headers['x-cliproxy-ignored']).toBe(
      'logit_bias, a%0D%0Aset-cookie:%20b, %C3%BC',
    );
    expect(found.finished()[0]?.ignored).toEqual([
      'logit_bias',
      'a%0D%0Aset-cookie:%20b',
      '%C3%BC',
    ]);
  });

  test('are an error in strict mode', async () => {
    const found = rig([await target('a', answers.lines(...whole))]);
    const client = call({ ignored: ['logit_bias'], strict: true });
    const error = await errorOf(found.dispatcher.handle(client));
    expect(error.code).toBe('CLIENT_UNSUPPORTED');
    expect(error.message).toContain('`logit_bias`');
    const many = [...Array.from({ length: 1e4 }, (_, n) => `n${n}`), 'x'.repeat(1e6)];
    const hostile = call({ ignored: ['`\u001b[31m, \r\n', ...many], strict: true });
    const { message } = await errorOf(found.dispatcher.handle(hostile));
    expect(message).toContain('``%1B[31m%2C%20%0D%0A`');
    expect(message).toMatch(/^[\x20-\x7e]*$/);
    expect(message.length).toBeLessThan(3_000);
    expect(open[0]?.seen).toEqual([]);
  });
});

describe('a refused credential', () => {
  test('is renewed once and the request sent again, free of attempts', async () => {
    let renewed = 0;
    const a = await up(answers.status(401, 'expired'), answers.lines(...whole));
    const refresh = async (): Promise<boolean> => Promise.resolve((renewed += 1) > 0);
    const found = rig([{ id: 'a', executor: httpExecutor(a.url), refresh }], {
      failover: { maxAttempts: 1, retryFloor: 0, retryRatio: 0 },
    });
    const client = call();
    await found.dispatcher.handle(client);
    expect(client.got.text).toBe(good);
    expect(renewed).toBe(1);
    expect(found.finished()[0]?.attempts).toHaveLength(2);
    expect(found.book.availability('a', 'a/a0', 'up').usable).toBe(true);
  });

  test.each([
    ['can not be renewed', async () => Promise.resolve(false), 1],
    ['fails to be renewed', async () => Promise.reject(new Error('no')), 1],
    ['is refused again', async () => Promise.resolve(true), 2],
    ['hangs while it is renewed', async () => new Promise<boolean>(() => undefined), 1],
  ])('that %s is never told as the client’s own', async (_, refresh, sent) => {
    const a = await up(answers.status(401, 'bad key sk-123'));
    const found = rig([{ id: 'a', executor: httpExecutor(a.url), refresh }], {
      timeouts: { firstByteMs: 200 },
    });
    const error = await errorOf(found.dispatcher.handle(call()));
    expect(error.code).toBe('UPSTREAM_AUTH');
    expect(error.message).not.toContain('sk-123');
    expect(error.failure?.resetAtMs).toBeGreaterThan(Date.now());
    expect(a.seen).toHaveLength(sent);
    expect(found.finished()[0]?.status).toBe(503);
  });

  test.each([
    ['UPSTREAM_UNREACHABLE', 'network', 'UPSTREAM_UNREACHABLE', 'cooling'],
    ['UPSTREAM_RATE_LIMIT', 'rate-limit', 'UPSTREAM_RATE_LIMIT', 'cooling'],
    ['AUTH_NEEDS_LOGIN', 'auth', 'UPSTREAM_AUTH', 'needs-login'],
    ['UPSTREAM_BAD_REQUEST', 'bad-request', 'UPSTREAM_AUTH', 'needs-login'],
  ] as const)('that could not be renewed by %s', async (thrown, kind, code, reason) => {
    const a = await up(answers.status(401, 'expired'));
    const found = rig([
      {
        id: 'a',
        executor: httpExecutor(a.url),
        refresh: async () => Promise.resolve(false),
        renewalFault: new GatewayError(thrown, 'no token', {
          failure: { kind, scope: 'account', message: 'no token' },
        }),
      },
    ]);
    const error = await errorOf(found.dispatcher.handle(call()));
    expect(error.code).toBe(code);
    expect(a.seen).toHaveLength(1);
    expect(found.book.availability('a', 'a/a0', 'up').reason).toBe(reason);
  });

  test('that hangs longer than a request may wait says nothing of the login', async () => {
    const a = await up(answers.status(401));
    const found = rig(
      [
        {
          id: 'a',
          executor: httpExecutor(a.url),
          refresh: () => new Promise(() => undefined),
          renewalFault: new GatewayError('AUTH_OUTCOME_UNKNOWN', 'it is under way still', {
            failure: { kind: 'upstream', scope: 'account' },
          }),
        },
      ],
      { timeouts: { firstByteMs: 200 } },
    );
    await errorOf(found.dispatcher.handle(call()));
    expect(found.book.availability('a', 'a/a0', 'up').reason).toBe('cooling');
  });

  test('is not held against the account when the client leaves meanwhile', async () => {
    const a = await up(answers.status(401));
    const client = call();
    const refresh = async (): Promise<boolean> => {
      setTimeout(() => {
        client.got.leave();
      }, 10);
      return new Promise(() => undefined);
    };
    const found = rig([{ id: 'a', executor: httpExecutor(a.url), refresh }]);
    await found.dispatcher.handle(client);
    expect(found.finished()[0]?.outcome).toBe('client-left');
    expect(found.book.availability('a', 'a/a0', 'up').usable).toBe(true);
  });
});

describe('reasoning that the upstream refuses', () => {
  const refusal = answers.status(400, 'invalid signature in thinking block');
  const free = { maxAttempts: 1, retryFloor: 0, retryRatio: 0 };

  test('is left out, once, on the same account, free of attempts, and told', async () => {
    const a = await up(refusal, answers.lines(...whole));
    const found = rig([{ id: 'a', executor: httpExecutor(a.url), accounts: 2 }], {
      failover: free,
    });
    const client = call({ reasoning: true });
    await found.dispatcher.handle(client);
    expect(client.got).toMatchObject({ text: good, sins: [] });
    expect(a.seen.map(({ body }) => body)).toEqual([
      '{"model":"up","reasoning":"signed"}',
      '{"model":"up"}',
    ]);
    expect(found.finished()).toMatchObject([
      {
        outcome: 'answered',
        attempts: [
          { account: 'a/a0', status: 400, failure: 'bad-request' },
          { account: 'a/a0', status: 200, outcome: 'answered', without: 'reasoning' },
        ],
      },
    ]);
    expect(found.finished()[0]?.attempts[0]).not.toHaveProperty('without');
  });

  const told = 'error bad-request invalid signature';

  test('is left out as well where an answer that began well tells it', async () => {
    const a = await up(answers.lines('start', told), answers.lines(...whole));
    const found = rig([{ id: 'a', executor: httpExecutor(a.url) }], { failover: free });
    const client = call({ reasoning: true });
    await found.dispatcher.handle(client);
    expect(client.got).toMatchObject({ text: good, sins: [] });
    expect(a.seen.map(({ body }) => body.includes('signed'))).toEqual([true, false]);
  });

  test('stays in where the client has a part of the answer that tells it', async () => {
    const client = call({ reasoning: true });
    const a = await up((_, response) => {
      response.writeHead(200);
      response.write('start\ntext a\n');
      const waiting = setInterval(() => {
        if (!client.got.text.includes('text a')) return;
        clearInterval(waiting);
        response.end(`${told}\n`);
      }, 5);
    });
    const found = rig([{ id: 'a', executor: httpExecutor(a.url) }], { failover: free });
    await found.dispatcher.handle(client);
    expect(client.got.text).toContain('FAILED');
    expect(a.seen).toHaveLength(1);
  });

  test('is left out no second time', async () => {
    const a = await up(refusal);
    const found = rig([{ id: 'a', executor: httpExecutor(a.url), accounts: 2 }]);
    const error = await errorOf(found.dispatcher.handle(call({ reasoning: true })));
    expect(error.code).toBe('UPSTREAM_BAD_REQUEST');
    expect(a.seen).toHaveLength(2);
  });

  test('is not there: the client gets the refusal', async () => {
    const a = await up(refusal);
    const found = rig([{ id: 'a', executor: httpExecutor(a.url) }]);
    const error = await errorOf(found.dispatcher.handle(call()));
    expect(error.message).toBe('a: invalid signature in thinking block');
    expect(a.seen).toHaveLength(1);
  });

  test('stays in for another target', async () => {
    const a = await up(refusal, answers.status(429));
    const b = await up(answers.lines(...whole));
    const found = rig([
      { id: 'a', executor: httpExecutor(a.url) },
      { id: 'b', executor: httpExecutor(b.url) },
    ]);
    const client = call({ reasoning: true });
    await found.dispatcher.handle(client);
    expect(client.got.text).toBe(good);
    expect(b.seen[0]?.body).toContain('signed');
  });

  test('and other faults of the request are told apart', async () => {
    const a = await up(answers.status(400, 'max_tokens is too large'));
    const found = rig([{ id: 'a', executor: httpExecutor(a.url) }]);
    await errorOf(found.dispatcher.handle(call({ reasoning: true })));
    expect(a.seen).toHaveLength(1);
  });
});

test('a target that timed out counts as tried though it has accounts left', async () => {
  const hangs = { ...(await target('a', answers.silence)), accounts: 2 };
  const found = rig([hangs, await target('b', answers.silence)], {
    timeouts: { firstByteMs: 100 },
  });
  const error = await errorOf(found.dispatcher.handle(call()));
  expect(error.code).toBe('UPSTREAM_TIMEOUT');
  expect(error.message).toContain('a: took too long');
  expect(error.message).not.toContain('was not tried');
  expect(open[0]?.seen).toHaveLength(1);
});

describe('limits', () => {
  test('maxAttempts', async () => {
    const a = await up(answers.status(500, 'oh'));
    const found = rig([{ id: 'a', executor: httpExecutor(a.url), accounts: 9 }]);
    const error = await errorOf(found.dispatcher.handle(call()));
    expect(a.seen).toHaveLength(4);
    expect(error.code).toBe('UPSTREAM_FAILED');
    expect(error.message).toMatch(/^a: oh\. Try again; /);
  });

  test('the retry budget', async () => {
    const a = await up(answers.status(500));
    const found = rig([{ id: 'a', executor: httpExecutor(a.url), accounts: 40 }], {
      failover: { retryFloor: 3, retryRatio: 0.2, maxAttempts: 3 },
    });
    for (let n = 0; n < 10; n++) await errorOf(found.dispatcher.handle(call()));
    expect(a.seen.length).toBeLessThanOrEqual(13);
    expect(a.seen.length).toBeGreaterThan(11);
  });
});

describe('nobody answers', () => {
  async function failing(script: Script, plan: Partial<Plan> = {}): Promise<GatewayError> {
    const found = rig([await target('a', script), await target('b', script)], { plan });
    const error = await errorOf(found.dispatcher.handle(call()));
    expect(found.finished()).toHaveLength(1);
    return error;
  }

  test('rate limits: 429 with the vendor’s sentence and the soonest reset', async () => {
    const error = await failing(answers.status(429, 'slow down', { 'retry-after': '40' }));
    expect(error.code).toBe('UPSTREAM_RATE_LIMIT');
    expect(error.message).toBe(
      'b: slow down. Nobody else can answer for the model "m" now: a: its rate limit is reached ("slow down"), tried again in 40 s. Wait as long as Retry-After says.',
    );
    const inMs = (error.failure?.resetAtMs ?? 0) - Date.now();
    expect(inMs).toBeGreaterThan(30_000);
    expect(inMs).toBeLessThanOrEqual(40_000);
  });

  test.each([
    [404, 'UPSTREAM_NOT_FOUND'],
    [402, 'UPSTREAM_BILLING'],
    [403, 'UPSTREAM_FORBIDDEN'],
    [529, 'UPSTREAM_OVERLOADED'],
    [500, 'UPSTREAM_FAILED'],
  ])('%d everywhere: %s', async (status, code) => {
    expect((await failing(answers.status(status))).code).toBe(code);
  });

  test('a reset in the far future is told, and waited for, no longer than the clamp', async () => {
    const found = rig([await target('a', answers.status(429, 'no', { 'retry-after': '1e9' }))], {
      now: () => 1_000,
    });
    const clampMs = 3_600_000;
    for (let n = 0; n < 2; n++) {
      const error = await errorOf(found.dispatcher.handle(call()));
      expect(error.failure?.resetAtMs).toBe(1_000 + clampMs);
    }
    expect(found.book.availability('a', 'a/a0', 'up')).toMatchObject({ untilMs: 1_000 + clampMs });
  });

  test('several causes that a person has to mend', async () => {
    const targets = [
      await target('a', answers.status(402)),
      await target('b', answers.status(403)),
    ];
    const error = await errorOf(rig(targets).dispatcher.handle(call()));
    expect(error.code).toBe('ROUTE_NO_ACCOUNT');
    expect(error.failure?.resetAtMs).toBeGreaterThan(Date.now());
  });

  test.each([
    [429, 'ROUTE_RATE_LIMITED', 30_000],
    [404, 'UPSTREAM_NOT_FOUND', 600_000],
    [402, 'UPSTREAM_BILLING', 1_800_000],
    [403, 'UPSTREAM_FORBIDDEN', 1_800_000],
    [500, 'ROUTE_NO_ACCOUNT', 1_000],
  ])('not even tried after %d: %s', async (status, code, resetsInMs) => {
    const a = await up(answers.status(status));
    const nowMs = 1_700_000_000_000;
    const found = rig([{ id: 'a', executor: httpExecutor(a.url) }], { now: () => nowMs });
    await errorOf(found.dispatcher.handle(call()));
    const error = await errorOf(found.dispatcher.handle(call()));
    expect(error.code).toBe(code);
    expect(a.seen).toHaveLength(1);
    if (status === 404) expect(error.failure?.resetAtMs).toBeUndefined();
    else expect(error.failure?.resetAtMs).toBe(nowMs + resetsInMs);
    expect(found.finished()[1]).toMatchObject({ outcome: 'failed', code, attempts: [] });
  });

  test('each sentence names the model, the reason of every target, and what to do', async () => {
    const nowMs = 1_700_000_000_000;
    const targets = [
      { ...(await target('keys', answers.status(401, 'bad key sk-123'))), accounts: 2 },
      await target('slow', answers.status(429, 'slow\n down', { 'retry-after': '7' })),
      await target('gone', answers.status(404, 'no such model')),
      { id: 'off', executor: httpExecutor('http://127.0.0.1:1') },
    ];
    const found = rig(targets, { now: () => nowMs, failover: { maxAttempts: 9 } });
    const first = await errorOf(found.dispatcher.handle(call()));
    expect(first.code).toBe('UPSTREAM_UNREACHABLE');
    expect(first.message).toMatch(/^off: .*ECONNREFUSED/);
    const others =
      'keys: none of its 2 accounts is usable, its API key was refused, tried again in 60 min; ' +
      'slow: its rate limit is reached ("slow down"), tried again in 7 s; ' +
      'gone: does not know the model ("no such model"), tried again in 10 min';
    expect(first.message).toContain(`Nobody else can answer for the model "m" now: ${others}. `);
    expect(first.message).toMatch(
      /Check the base URL and the network; `cliproxy doctor` tries it\.$/,
    );
    const second = await errorOf(found.dispatcher.handle(call()));
    expect(second.code).toBe('ROUTE_NO_ACCOUNT');
    expect(second.message).toBe(
      `nobody can answer for the model "m" now: ${others}; ` +
        'off: its connection failed, tried again in 1 s. ' +
        'Wait as long as Retry-After says, or add an account; GET /v1/health says why each is out.',
    );
    for (const { message } of [first, second]) expect(message).not.toContain('sk-123');
  });

  test('one that was not tried any more is named, too', async () => {
    const targets = [await target('a', answers.status(500, 'oh')), await target('b')];
    const found = rig(targets, { failover: { maxAttempts: 1 } });
    const { message } = await errorOf(found.dispatcher.handle(call()));
    expect(message).toMatch(/^a: oh\. Nobody else .*: b: was not tried any more\. Try again/);
  });

  test('an unknown name, whatever is in it', async () => {
    const found = rig([], { plan: { requested: `\u001b"${'x'.repeat(999)}` }, unknown: true });
    const { message } = await errorOf(found.dispatcher.handle(call()));
    expect(message).toBe(
      `no provider serves the model "\\u001b\\"${'x'.repeat(126)}". GET /v1/models lists those that are served`,
    );
  });

  test('an unknown name, with near ones', async () => {
    const off = rig([], { plan: { disabled: ['a', 'b'] }, unknown: true });
    expect((await errorOf(off.dispatcher.handle(call()))).message).toMatch(
      /are served\. Disabled instances: a, b; enable the one that serves it\.$/,
    );
    const found = rig([], { plan: { requested: 'gtp-5', near: ['gpt-5'] }, unknown: true });
    const error = await errorOf(found.dispatcher.handle(call()));
    expect(error.code).toBe('ROUTE_MODEL_NOT_FOUND');
    expect(error.message).toBe(
      'no provider serves the model "gtp-5"; did you mean gpt-5? GET /v1/models lists those that are served',
    );
  });

  test.each([
    ['instance-failed', 'PLUGIN_UNAVAILABLE'],
    ['instance-disabled', 'PLUGIN_UNAVAILABLE'],
    ['needs-login', 'AUTH_NEEDS_LOGIN'],
    ['invalid-key', 'AUTH_INVALID_KEY'],
    ['lacks-capability', 'ROUTE_NOT_CAPABLE'],
    ['operation-not-offered', 'ROUTE_NOT_CAPABLE'],
    ['probe-down', 'ROUTE_NO_ACCOUNT'],
  ] as const)('all targets out, %s: %s', async (reason, code) => {
    const candidate = {
      instanceId: 'gone',
      instance: undefined,
      upstreamModel: 'up',
      dialects: [],
      refuses: [],
      accounts: [],
      usable: false,
      reason,
      detail: 'because so',
    };
    const found = rig([], { plan: { candidates: [candidate] } });
    const error = await errorOf(found.dispatcher.handle(call()));
    expect(error.code).toBe(code);
    expect(error.message).toContain('gone');
    expect(error.message).toContain('because so');
    if (code !== 'ROUTE_NOT_CAPABLE') expect(error.failure?.resetAtMs).toBeGreaterThan(Date.now());
  });
});

test('an instance without accounts is said to have none, once', async () => {
  const candidate = {
    instanceId: 'gone',
    instance: undefined,
    upstreamModel: 'up',
    dialects: [],
    refuses: [],
    accounts: [],
    usable: false,
    reason: 'needs-login',
  } as const;
  const found = rig([], { plan: { candidates: [candidate] } });
  const { message } = await errorOf(found.dispatcher.handle(call()));
  expect(message).toMatch(/now: gone: has no account\. [A-Z]/);
  expect(message.match(/account/g)).toHaveLength(1);
});

describe('a client that leaves', () => {
  test.each([
    ['before the head', answers.silence],
    ['before the commit point', answers.stalls('start')],
    ['in the middle', answers.stalls('start', 'text hel', 'usage 7 1')],
    ['while an error is read', (_, response) => response.writeHead(500).flushHeaders()],
  ] as readonly (readonly [string, Script])[])(
    '%s: the upstream is told',
    async (where, script) => {
      const a = await up(script);
      const b = await up(answers.lines(...whole));
      const found = rig([
        { id: 'a', executor: httpExecutor(a.url) },
        { id: 'b', executor: httpExecutor(b.url) },
      ]);
      const client = call();
      const handled = found.dispatcher.handle(client);
      await until(() => a.seen.length === 1, 'the request');
      if (where === 'in the middle') await until(() => client.got.text.includes('usage'), 'bytes');
      else await new Promise((resolve) => setTimeout(resolve, 30));
      client.got.leave();
      await handled;
      await until(() => a.aborted === 1, 'the abort');
      expect(b.seen).toEqual([]);
      expect(client.got.sins).toEqual([]);
      expect(found.finished()).toEqual([
        expect.objectContaining({
          outcome: 'client-left',
          status: where === 'in the middle' ? 200 : 499,
          ...(where === 'in the middle' ? { usage: { inputTokens: 7, outputTokens: 1 } } : {}),
          attempts: [expect.objectContaining({ outcome: 'client-left' })],
        }),
      ]);
      expect(found.book.availability('a', 'a/a0', 'up').usable).toBe(true);
      expect(settled(found)).toBe(true);
    },
  );

  test('before anything was sent: nothing is', async () => {
    const a = await up(answers.lines(...whole));
    const found = rig([{ id: 'a', executor: httpExecutor(a.url) }]);
    const client = call();
    client.got.leave();
    await found.dispatcher.handle(client);
    expect(a.seen).toEqual([]);
    expect(found.finished()).toEqual([expect.objectContaining({ outcome: 'client-left' })]);
  });

  test('during the trial frees the trial', async () => {
    const a = await up(answers.status(429, '', { 'retry-after': '1' }), answers.silence);
    const found = rig([{ id: 'a', executor: httpExecutor(a.url) }], {
      failover: { maxCoolingMs: 1_000 },
    });
    await errorOf(found.dispatcher.handle(call()));
    await until(() => found.book.availability('a', 'a/a0', 'up').trial, 'the trial');
    const client = call();
    const handled = found.dispatcher.handle(client);
    await until(() => a.seen.length === 2, 'the trial request');
    expect((await errorOf(found.dispatcher.handle(call()))).code).toBe('ROUTE_RATE_LIMITED');
    client.got.leave();
    await handled;
    expect(found.book.availability('a', 'a/a0', 'up')).toMatchObject({ usable: true, trial: true });
  });
});

describe('stopping', () => {
  test('ends what is under way and refuses what comes', async () => {
    const found = rig([await target('a', answers.stalls('start', 'text hel'), answers.silence)]);
    const begun = call();
    const waiting = call();
    const first = found.dispatcher.handle(begun);
    await until(() => begun.got.text.includes('text'), 'the first bytes');
    const second = errorOf(found.dispatcher.handle(waiting));
    await until(() => open[0]?.seen.length === 2, 'the second request');
    found.dispatcher.stop();
    await first;
    expect(begun.got.text).toBe('start\ntext hel\nFAILED KERNEL_STOPPING\n');
    expect((await second).code).toBe('KERNEL_STOPPING');
    const late = await errorOf(found.dispatcher.handle(call()));
    expect(late.code).toBe('KERNEL_STOPPING');
    expect(late.failure?.resetAtMs).toBeGreaterThan(Date.now());
    expect(found.finished().map(({ outcome }) => outcome)).toEqual(['broken', 'failed', 'failed']);
    expect(found.book.availability('a', 'a/a0', 'up').usable).toBe(true);
  });
});
