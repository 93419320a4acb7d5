import { randomUUID } from 'node:crypto';
import net from 'node:net';
import { afterEach, expect, jest, test } from '@jest/globals';
import { NameLocks } from './name-locks.ts';

const listen = jest.spyOn(net.Server.prototype, 'listen');
const connect = jest.spyOn(net, 'connect');
afterEach(() => void jest.clearAllMocks());

test('whoever waits is woken, and does nothing until then', async () => {
  const name = randomUUID();
  const held = await new NameLocks().take(name, 0);
  expect(listen).toHaveBeenCalledTimes(1);
  const others = [new NameLocks(), new NameLocks()].map((locks) => locks.take(name, 60_000));
  while (connect.mock.calls.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(listen).toHaveBeenCalledTimes(3);
  expect(connect).toHaveBeenCalledTimes(2);
  held?.();
  const first = await Promise.race(others);
  first?.();
  for (const other of await Promise.all(others)) other?.();
  expect(listen.mock.calls.length).toBeLessThanOrEqual(6);
});

test('those of one process stand in a line, first come, first served', async () => {
  const locks = new NameLocks();
  const name = randomUUID();
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const release = await locks.take(name, 60_000);
      order.push(index);
      await Promise.resolve();
      release?.();
    }),
  );
  expect(order).toEqual(Array.from({ length: 200 }, (_, index) => index));
  expect(connect).not.toHaveBeenCalled();
});

test('who can not wait any longer leaves the line, and those behind move up', async () => {
  const locks = new NameLocks();
  const name = randomUUID();
  const held = await locks.take(name, 0);
  expect(await locks.take(name, 0)).toBeUndefined();
  expect(await new NameLocks().take(name, 20)).toBeUndefined();
  const impatient = locks.take(name, 20);
  const patient = locks.take(name, 60_000);
  expect(await impatient).toBeUndefined();
  held?.();
  const release = await patient;
  expect(release).toBeDefined();
  release?.();
  release?.();
  const again = await new NameLocks().take(name, 60_000);
  expect(again).toBeDefined();
  again?.();
});
