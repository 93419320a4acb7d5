import { afterEach, describe, expect, test } from '@jest/globals';
import { answers, call, errorOf, httpExecutor, rig, upstream } from '../../test/dispatch-rig.ts';
import type { Rig, Script, TargetSpec, Upstream } from '../../test/dispatch-rig.ts';
import { KeptAnswers } from './kept-answers.ts';

const open: Upstream[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

async function target(id: string, ...scripts: readonly Script[]): Promise<TargetSpec> {
  const one = await upstream(...scripts);
  open.push(one);
  return { id, executor: httpExecutor(one.url), accounts: 2 };
}

const kept = (id: string) => answers.lines('start', `kept ${id}`, 'text hello', 'done');

/** Has answer `r1` made by the second account of the second target. */
async function afterFirst(...later: readonly Script[]): Promise<Rig> {
  const busy = answers.status(429);
  const found = rig([
    await target('a', busy, busy, kept('r2')),
    await target('b', answers.status(503, '', { 'retry-after': '0' }), kept('r1'), ...later),
  ]);
  await found.dispatcher.handle(call());
  expect(found.finished()[0]?.attempts.at(-1)?.account).toBe('b/a1');
  found.book.reset();
  return found;
}

const lastAccounts = (found: Rig) =>
  found
    .finished()
    .at(-1)
    ?.attempts.map(({ account }) => account);

describe('a request that goes on from a kept answer', () => {
  test.each([true, false])('goes where it is kept, stream %p', async (stream) => {
    const found = await afterFirst(kept('r3'));
    await found.dispatcher.handle(call({ from: 'r1', stream }));
    expect(lastAccounts(found)).toEqual(['b/a1']);
    await found.dispatcher.handle(call({ from: 'r3', stream }));
    expect(lastAccounts(found)).toEqual(['b/a1']);
  });

  test('goes nowhere else when that fails', async () => {
    const found = await afterFirst(answers.status(429, 'slow down'));
    const error = await errorOf(found.dispatcher.handle(call({ from: 'r1' })));
    expect(error.code).toBe('UPSTREAM_RATE_LIMIT');
    expect(error.message).not.toContain('a:');
    expect(lastAccounts(found)).toEqual(['b/a1']);
    const again = await errorOf(found.dispatcher.handle(call({ from: 'r1' })));
    expect(again.code).toBe('ROUTE_RATE_LIMITED');
    expect(lastAccounts(found)).toEqual([]);
  });

  test('from what nobody knows is refused, and no upstream is asked', async () => {
    const found = await afterFirst();
    const error = await errorOf(found.dispatcher.handle(call({ from: 'r9' })));
    expect(error).toMatchObject({ code: 'CLIENT_BAD_REQUEST' });
    expect(error.message).toContain('`from`');
    expect(found.finished().at(-1)).toMatchObject({ attempts: [], status: 400 });
  });

  test('from an account that is gone is refused', async () => {
    const found = await afterFirst();
    found.replace({ ...(await target('b', kept('r4'))), accounts: 1 });
    expect((await errorOf(found.dispatcher.handle(call({ from: 'r1' })))).code).toBe(
      'CLIENT_BAD_REQUEST',
    );
  });

  test('of a model that nobody knows is told as that', async () => {
    const found = rig([], { unknown: true });
    expect((await errorOf(found.dispatcher.handle(call({ from: 'r1' })))).code).toBe(
      'ROUTE_MODEL_NOT_FOUND',
    );
  });

  test('is not estimated', async () => {
    const found = rig([{ ...(await target('a', kept('r1'))), offers: ['generate'] }]);
    await found.dispatcher.handle(call());
    const question = call({ from: 'r1', operation: 'count-tokens', stream: false });
    expect((await errorOf(found.dispatcher.handle(question))).code).toBe('ROUTE_NOT_CAPABLE');
  });
});

test('an answer that never came is not kept', async () => {
  const found = rig([await target('a', answers.breaks('start', 'kept r1'))]);
  await errorOf(found.dispatcher.handle(call()));
  expect((await errorOf(found.dispatcher.handle(call({ from: 'r1' })))).code).toBe(
    'CLIENT_BAD_REQUEST',
  );
});

test('the oldest answers are forgotten', () => {
  const answers = new KeptAnswers();
  const home = { instanceId: 'a', account: 'a/a0' };
  for (let n = 0; n < 25_000; n++) answers.note(`r${n}`, home);
  expect(answers.find('r0')).toBeUndefined();
  expect(answers.find('r24999')).toEqual(home);
});
