import { afterEach, describe, expect, test } from '@jest/globals';
import {
  answers,
  call,
  errorOf,
  httpExecutor,
  rig,
  upstream,
  whole,
} from '../../test/dispatch-rig.ts';
import type { Script, TargetSpec } from '../../test/dispatch-rig.ts';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

async function target(id: string, ...scripts: readonly Script[]): Promise<TargetSpec> {
  const one = await upstream(...scripts);
  open.push(one);
  return { id, executor: httpExecutor(one.url) };
}

const question = () => call({ operation: 'count-tokens', stream: false });

describe('what no target offers', () => {
  test('is estimated, and the answer says so', async () => {
    const found = rig([
      { ...(await target('a', answers.lines(...whole))), offers: ['generate'] },
      { ...(await target('b', answers.lines(...whole))), offers: ['generate'] },
    ]);
    const client = question();
    await found.dispatcher.handle(client);
    expect(client.got).toMatchObject({ text: 'about 7\n', state: 'ended', sins: [] });
    expect(client.got.head).toEqual({
      status: 200,
      contentType: 'text/lines',
      contentLength: 8,
      headers: { 'x-cliproxy-estimated': 'input_tokens' },
    });
    expect(found.finished()).toMatchObject([
      { outcome: 'answered', status: 200, attempts: [], estimated: 'input_tokens' },
    ]);
    expect(found.finished()[0]).not.toHaveProperty('usage');
  });

  test('and can’t be estimated is an error, as before', async () => {
    const found = rig([{ ...(await target('a', answers.silence)), offers: ['generate'] }]);
    const error = await errorOf(found.dispatcher.handle(call({ operation: 'embed' })));
    expect(error.code).toBe('ROUTE_NOT_CAPABLE');
  });

  test('is nothing to estimate for a client that has left', async () => {
    const found = rig([{ ...(await target('a', answers.silence)), offers: [] }]);
    const client = question();
    client.got.leave();
    await found.dispatcher.handle(client);
    expect(client.got.text).toBe('');
    expect(found.finished()).toMatchObject([{ outcome: 'client-left' }]);
  });
});

describe('an upstream that lacks the operation', () => {
  test('is passed over, its accounts stay in, and the count is estimated', async () => {
    const found = rig([
      { ...(await target('a', answers.status(404, 'no such path'))), accounts: 2 },
      { ...(await target('b', answers.silence)), offers: ['generate'] },
    ]);
    const client = question();
    await found.dispatcher.handle(client);
    expect(client.got.text).toBe('about 7\n');
    expect(found.finished()[0]).toMatchObject({
      outcome: 'answered',
      estimated: 'input_tokens',
      attempts: [{ instanceId: 'a', status: 404, failure: 'not-found' }],
    });
    expect(found.book.availability('a', 'a/a0', 'up')).toMatchObject({ usable: true });
  });

  test('gives way to a target that has it', async () => {
    const found = rig([
      await target('a', answers.status(404)),
      await target('b', answers.lines(...whole)),
    ]);
    const client = question();
    await found.dispatcher.handle(client);
    expect(client.got.text).toBe('start\ntext hello\ndone\n');
    expect(found.finished()[0]).not.toHaveProperty('estimated');
  });

  test('still puts the model out where it was to generate', async () => {
    const found = rig([await target('a', answers.status(404))]);
    await errorOf(found.dispatcher.handle(call()));
    expect(found.book.availability('a', 'a/a0', 'up')).toMatchObject({ usable: false });
  });
});

describe('what a target offers and can’t give now', () => {
  test.each([
    [429, 'UPSTREAM_RATE_LIMIT'],
    [503, 'UPSTREAM_OVERLOADED'],
    [400, 'UPSTREAM_BAD_REQUEST'],
  ])('is not estimated: %i', async (status, code) => {
    const found = rig([
      await target('a', answers.status(status, 'no')),
      { ...(await target('b', answers.silence)), offers: ['generate'] },
    ]);
    expect((await errorOf(found.dispatcher.handle(question()))).code).toBe(code);
  });

  test('is not estimated while it cools', async () => {
    const found = rig([await target('a', answers.status(429))]);
    await errorOf(found.dispatcher.handle(question()));
    expect((await errorOf(found.dispatcher.handle(question()))).code).toBe('ROUTE_RATE_LIMITED');
  });

  test('is not estimated for a model that nobody knows', async () => {
    const found = rig([], { unknown: true });
    expect((await errorOf(found.dispatcher.handle(question()))).code).toBe('ROUTE_MODEL_NOT_FOUND');
  });

  test('is not estimated where nobody is logged in', async () => {
    const found = rig([{ ...(await target('a', answers.silence)), accounts: 0 }]);
    const error = await errorOf(found.dispatcher.handle(question()));
    expect(error.code).not.toBe('KERNEL_INTERNAL');
  });
});
