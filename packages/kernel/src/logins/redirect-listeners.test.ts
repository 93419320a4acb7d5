import { afterEach, expect, jest, test } from '@jest/globals';
import { loginPages } from './login-page.ts';
import { RedirectListeners } from './redirect-listeners.ts';

afterEach(() => {
  jest.useRealTimers();
});

test('who comes back within two minutes after the end is told so; then nobody listens', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  const listeners = new RedirectListeners();
  const route = {
    path: '/callback',
    owns: (state: string | undefined) => state === 'mine',
    answer: async () => loginPages.ended,
  };
  const listener = await listeners.open(undefined, route);
  const visit = async () =>
    (await fetch(`http://127.0.0.1:${listener.port}/callback?state=mine`)).status;
  expect(await visit()).toBe(410);
  listener.close();
  jest.advanceTimersByTime(119_999);
  expect(await visit()).toBe(410);
  jest.advanceTimersByTime(1);
  await expect(visit()).rejects.toThrow();
});

test('all end with the gateway', async () => {
  const listeners = new RedirectListeners();
  const route = { path: '/', owns: () => true, answer: async () => loginPages.ended };
  const listener = await listeners.open(undefined, route);
  listeners.stop();
  listener.close();
  await expect(fetch(`http://127.0.0.1:${listener.port}/`)).rejects.toThrow();
});
