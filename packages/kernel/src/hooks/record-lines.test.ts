import { expect, test } from '@jest/globals';
import type { Hook, HookRecord } from '@cliproxy/plugin-api';
import { fakeInstance } from '../../test/fake-instances.ts';
import type { ChainLink } from './hook-chain.ts';
import type { HookCallView } from './hook-call.ts';
import { MAX_WAITING, RecordLines } from './record-lines.ts';

const record = { requestId: 'r' } as HookRecord;
const view = { abort: () => undefined } as HookCallView;

test('a slow hook gets one after another; what finds the line full is dropped, and told once', async () => {
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  let under = 0;
  let most = 0;
  let told = 0;
  const hook: Hook = {
    id: 'slow',
    needs: [],
    onFailure: 'continue',
    async onComplete() {
      most = Math.max(most, ++under);
      await gate;
      under -= 1;
      told += 1;
    },
  };
  const instance = fakeInstance('plug');
  const link = { hook, instance } as unknown as ChainLink;
  const lines = new RecordLines({ note: () => undefined });
  let over = 0;
  const add = (): void => {
    lines.add(link, record, view, () => (over += 1));
  };
  add();
  await new Promise((resolve) => setTimeout(resolve, 10));
  for (let count = 0; count < MAX_WAITING + 5; count++) add();
  expect(over).toBe(5);
  expect(instance.warnings).toHaveLength(1);
  open();
  while (over < MAX_WAITING + 6) await new Promise(setImmediate);
  expect([told, most]).toEqual([MAX_WAITING + 1, 1]);
  expect(instance.warnings).toEqual([
    expect.stringContaining('too slow'),
    expect.stringContaining('5 records were dropped'),
  ]);
});
