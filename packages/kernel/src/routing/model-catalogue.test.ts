import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { AccountContext, ModelInfo } from '@cliproxy/plugin-api';
import type { FakeInstance } from '../../test/fake-instances.ts';
import { chatExecutor, fakeHandle, fakeInstance, ManualClock } from '../../test/fake-instances.ts';
import { ModelCatalogue } from './model-catalogue.ts';
import { readModelInfos } from './model-infos.ts';

const MINUTE = 60_000;

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

type Answer = (context: AccountContext) => unknown;

/** An instance whose lists the test gives; counts who was asked. */
function lister(id: string, answer: Answer, keys: readonly string[] = ['a']) {
  const asked: string[] = [];
  const executor = {
    ...chatExecutor(),
    models: async (context: AccountContext) => {
      asked.push(context.account.id);
      return (await answer(context)) as readonly ModelInfo[];
    },
  };
  return { instance: fakeInstance(id, { executor, keys }), asked };
}

function setUp(...instances: FakeInstance[]) {
  const clock = new ManualClock();
  const present = [...instances];
  const catalogue = new ModelCatalogue({ clock, random: () => 0.5, instances: () => present });
  const changes: number[] = [];
  const unsubscribe = catalogue.onChange(() => changes.push(catalogue.version));
  const pass = async (ms: number): Promise<void> => {
    clock.pass(ms);
    await jest.advanceTimersByTimeAsync(5_000);
  };
  return { catalogue, present, clock, changes, unsubscribe, pass };
}

test('merges the lists of accounts and instances, in their order', async () => {
  const one = lister(
    'one',
    ({ account }) =>
      account.id === 'one/a'
        ? [{ id: 'm', contextTokens: 1 }]
        : [{ id: 'm', contextTokens: 2 }, { id: 'extra' }],
    ['a', 'b'],
  );
  const two = lister('two', () => [{ id: 'm' }]);
  const { catalogue, changes } = setUp(
    one.instance,
    two.instance,
    fakeInstance('x', { executor: 'none' }),
  );
  await catalogue.refresh();
  expect(catalogue.names()).toEqual(['m', 'extra']);
  expect(catalogue.servers('m')).toEqual(['one', 'two']);
  expect(catalogue.servers('none')).toEqual([]);
  expect(catalogue.info('one', 'm')?.contextTokens).toBe(1);
  expect(catalogue.info('two', 'extra')).toBeUndefined();
  expect(changes.length).toBeGreaterThan(0);
});

test('asks in the background every ten minutes and never holds up the start', async () => {
  let answer: ModelInfo[] = [{ id: 'm' }];
  const { instance, asked } = lister('one', () => answer);
  const { catalogue, pass, changes, unsubscribe } = setUp(instance);
  catalogue.start();
  catalogue.start();
  expect(catalogue.names()).toEqual([]);
  await pass(0);
  expect(catalogue.names()).toEqual(['m']);
  await pass(9 * MINUTE);
  expect(asked).toHaveLength(1);
  const { version } = catalogue;
  await pass(MINUTE);
  expect(asked).toHaveLength(2);
  expect(catalogue.version).toBe(version);
  answer = [{ id: 'n' }];
  unsubscribe();
  await pass(10 * MINUTE);
  expect(catalogue.names()).toEqual(['n']);
  expect(changes).toEqual([version]);
  catalogue.stop();
  await pass(60 * MINUTE);
  expect(asked).toHaveLength(3);
});

test('a failure keeps the former list, is told, and is tried again sooner, but not too often', async () => {
  let fails = false;
  const { instance, asked } = lister('one', () => {
    if (fails) throw new Error('no route to host');
    return [{ id: 'm' }];
  });
  const { catalogue, pass } = setUp(instance);
  catalogue.start();
  await pass(0);
  expect(catalogue.problems('one')).toEqual([]);
  fails = true;
  await pass(10 * MINUTE);
  expect(catalogue.names()).toEqual(['m']);
  expect(catalogue.problems('one')).toEqual(['the models could not be listed: no route to host']);
  expect(catalogue.problems('two')).toEqual([]);
  await pass(30_000);
  expect(asked).toHaveLength(3);
  await pass(30_000);
  expect(asked).toHaveLength(3);
  await pass(30_000);
  expect(asked).toHaveLength(4);
  expect(instance.warnings).toHaveLength(1);
  fails = false;
  await pass(2 * MINUTE);
  expect(catalogue.problems('one')).toEqual([]);
  catalogue.stop();
});

test('a list that does not come is given up after 15 seconds, and its signal aborted', async () => {
  let signal: AbortSignal | undefined;
  const { instance } = lister('one', (context) => {
    ({ signal } = context);
    return new Promise(() => undefined);
  });
  const quick = lister('two', () => [{ id: 'm' }]);
  const { catalogue, pass } = setUp(instance, quick.instance);
  catalogue.start();
  await pass(0);
  expect(catalogue.names()).toEqual(['m']);
  expect(signal?.aborted).toBe(false);
  await jest.advanceTimersByTimeAsync(10_000);
  expect(signal?.aborted).toBe(true);
  expect(catalogue.problems('one')).toEqual([
    'the models could not be listed: no result within 15000 ms',
  ]);
  catalogue.stop();
});

test('no more than four are asked at once; the others follow', async () => {
  const open: (() => void)[] = [];
  const answer = (): Promise<unknown> =>
    new Promise((resolve) => open.push(() => resolve([{ id: 'm' }])));
  const { instance, asked } = lister('one', answer, ['a', 'b', 'c', 'd', 'e', 'f']);
  const { catalogue, pass } = setUp(instance);
  catalogue.start();
  await pass(0);
  expect(asked).toHaveLength(4);
  open[0]!();
  await jest.advanceTimersByTimeAsync(0);
  expect(asked).toHaveLength(5);
  catalogue.stop();
});

test('accounts come and go', async () => {
  const { instance, asked } = lister('one', ({ account }) => [{ id: account.id }]);
  const { catalogue, pass } = setUp(instance);
  catalogue.start();
  await pass(0);
  instance.handles.push(fakeHandle('one', 'b'));
  await pass(0);
  expect(catalogue.names()).toEqual(['one/a', 'one/b']);
  instance.handles.shift();
  await pass(0);
  expect(catalogue.names()).toEqual(['one/b']);
  expect(asked).toEqual(['one/a', 'one/b']);
  catalogue.stop();
});

test('a reconfigured instance keeps its list until the new one comes; another package does not', async () => {
  const before = lister('one', () => [{ id: 'old' }]);
  const { catalogue, present, pass } = setUp(before.instance);
  await catalogue.refresh();
  let come = (): void => undefined;
  const after = lister(
    'one',
    () => new Promise((resolve) => (come = () => resolve([{ id: 'new' }]))),
  );
  present[0] = after.instance;
  catalogue.start();
  await pass(0);
  expect(catalogue.names()).toEqual(['old']);
  come();
  await pass(0);
  expect(catalogue.names()).toEqual(['new']);
  const other = lister('one', () => new Promise(() => undefined));
  present[0] = { ...other.instance, packageName: '@fake/other' };
  await pass(0);
  expect(catalogue.names()).toEqual([]);
  catalogue.stop();
});

test('what comes after the end is ignored', async () => {
  let come = (): void => undefined;
  const { instance } = lister(
    'one',
    () => new Promise((resolve) => (come = () => resolve([{ id: 'm' }]))),
  );
  const { catalogue } = setUp(instance);
  catalogue.start();
  catalogue.stop();
  come();
  await jest.advanceTimersByTimeAsync(0);
  expect(catalogue.names()).toEqual([]);
  expect(instance.warnings).toEqual([]);
});

describe('junk', () => {
  test.each<[unknown, string]>([
    [undefined, 'undefined'],
    ['text', 'string'],
    [{ data: [] }, 'object'],
  ])('%p is no list', (answer, word) => {
    expect(readModelInfos(answer)).toEqual({
      problem: `the plugin gave ${word} where a list of models is due`,
    });
  });

  test('is left out, the rest is kept', () => {
    const { models, problem } = readModelInfos([
      null,
      'm',
      {},
      { id: '' },
      { id: 'x'.repeat(300) },
      { id: 'bare', dialects: 'gemini', lacks: ['flying'], refuses: 7, contextTokens: -1 },
      {
        id: 'full',
        upstreamId: 'up',
        displayName: 'Full',
        dialects: ['gemini', 'morse'],
        lacks: ['tools'],
        refuses: ['top_p', 3],
        contextTokens: 10,
        maxOutputTokens: NaN,
      },
      { id: 'bare', upstreamId: 'twice' },
    ]);
    expect([...(models?.values() ?? [])]).toEqual([
      { id: 'bare' },
      {
        id: 'full',
        upstreamId: 'up',
        displayName: 'Full',
        dialects: ['gemini'],
        lacks: ['tools'],
        refuses: ['top_p'],
        contextTokens: 10,
      },
    ]);
    expect(problem).toBe('5 malformed entries of the model list are ignored');
  });

  test('without measure is cut', () => {
    const many = Array.from({ length: 5_001 }, (_, n) => ({ id: `m${n}` }));
    expect(readModelInfos(many.slice(1))).toMatchObject({ models: { size: 5_000 } });
    expect(readModelInfos(many).models?.size).toBe(5_000);
    expect(readModelInfos(many).problem).toBe('of 5001 models only the first 5000 are listed');
  });

  test('in the place of a list is a failure that names itself', async () => {
    let answer: unknown = [{ id: 'm' }];
    const { instance } = lister('one', () => answer);
    const { catalogue } = setUp(instance);
    await catalogue.refresh();
    answer = 'junk';
    await catalogue.refresh();
    expect(catalogue.names()).toEqual(['m']);
    expect(instance.warnings).toEqual(['the plugin gave string where a list of models is due']);
  });
});

test('an account whose upstream was down is asked at once when it is back', async () => {
  let answer: unknown = Promise.reject(new Error('no connection'));
  const { instance, asked } = lister('one', () => answer);
  const { catalogue, pass } = setUp(instance);
  catalogue.askAgain('one/a');
  catalogue.start();
  await pass(0);
  answer = [{ id: 'm' }];
  await pass(5_000);
  expect(asked).toHaveLength(1);
  catalogue.askAgain('one/a');
  await pass(0);
  expect(catalogue.names()).toEqual(['m']);
  answer = [{ id: 'n' }];
  catalogue.askAgain('one/a');
  await pass(0);
  expect(catalogue.names()).toEqual(['n']);
  catalogue.stop();
});

describe('a list that could not be had is asked for again at once', () => {
  const failing = () => {
    let answer: unknown = Promise.reject(new Error('its page is not connected'));
    const one = lister('one', () => answer);
    return { ...one, comes: () => (answer = [{ id: 'm' }]) };
  };

  test('when something has come that it lacked; one that is there is left alone', async () => {
    const { instance, asked, comes } = failing();
    const { catalogue, pass } = setUp(instance);
    catalogue.retryFailed('one/a');
    catalogue.start();
    await pass(0);
    expect(catalogue.problems('one')).toHaveLength(1);
    comes();
    catalogue.retryFailed('one/a');
    await jest.advanceTimersByTimeAsync(0);
    expect(catalogue.names()).toEqual(['m']);
    expect(catalogue.problems('one')).toEqual([]);
    catalogue.retryFailed('one/a');
    await pass(5_000);
    expect(asked).toHaveLength(2);
    catalogue.stop();
  });

  test('when its account was logged in anew, or its page has connected again', async () => {
    const { instance, asked, comes } = failing();
    const { catalogue, pass } = setUp(instance);
    catalogue.start();
    await pass(0);
    comes();
    instance.handles[0] = fakeHandle('one', 'a');
    catalogue.refreshDue();
    await jest.advanceTimersByTimeAsync(0);
    expect(catalogue.names()).toEqual(['m']);
    instance.handles[0] = fakeHandle('one', 'a');
    await pass(0);
    expect(asked).toHaveLength(2);
    catalogue.stop();
  });

  test('when that happens while it is being asked for: the failure is one of before', async () => {
    const fails: (() => void)[] = [];
    const { instance, asked } = lister(
      'one',
      () => new Promise((_, reject) => fails.push(() => reject(new Error('not connected')))),
    );
    const { catalogue, pass } = setUp(instance);
    catalogue.start();
    catalogue.retryFailed('one/a');
    fails[0]!();
    await jest.advanceTimersByTimeAsync(0);
    expect(asked).toHaveLength(2);
    expect(catalogue.problems('one')).toEqual([]);
    catalogue.retryFailed('one/a');
    fails[1]!();
    await pass(0);
    expect(asked).toHaveLength(2);
    expect(catalogue.problems('one')).toHaveLength(1);
    expect(instance.warnings).toHaveLength(1);
    catalogue.stop();
  });
});
