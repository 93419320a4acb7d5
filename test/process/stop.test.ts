import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  echoConfig,
  logged,
  openStream,
  openWorkshop,
  prepareOnce,
  words,
  wordsOf,
} from './gateway-process.ts';
import type { GatewayProcess, Workshop } from './gateway-process.ts';

let shop: Workshop;

beforeAll(prepareOnce, 600_000);
beforeEach(() => {
  shop = openWorkshop();
});
afterEach(() => shop.clear());

function start(drainMs: number, paceMs: number): Promise<GatewayProcess> {
  return shop.start([
    '--config',
    shop.config(echoConfig({ server: `drainMs: ${drainMs}`, paceMs })),
  ]);
}

/** A request for readiness, begun now and finished later on a connection that is open already. */
async function beginReadiness(port: number): Promise<() => Promise<string>> {
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`GET /readyz HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n`);
  return async () => {
    let text = '';
    socket.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    socket.write('\r\n');
    await once(socket, 'close');
    return text;
  };
}

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}

test('SIGTERM: not ready and closed at once, the stream goes on to its end, exit 0', async () => {
  const gateway = await start(60_000, 50);
  const said = words(80);
  const stream = await openStream(gateway, said);
  const finishReadiness = await beginReadiness(gateway.port);
  gateway.kill('SIGTERM');
  await logged(gateway, 'SIGTERM: stopping');
  expect(await finishReadiness()).toMatch(/^HTTP\/1\.1 503 /);
  expect(await isRefused(gateway.port)).toBe(true);
  expect(stream.text()).not.toContain('[DONE]');
  const whole = await stream.end;
  expect(wordsOf(whole)).toBe(said);
  expect(whole).toContain('data: [DONE]');
  const { code, stderr } = await gateway.ended;
  expect(code).toBe(0);
  expect(stderr).toContain('plugin echo is stopped');
}, 120_000);

test('two signals at once, as npm start gives for one Ctrl+C, are one', async () => {
  const gateway = await start(60_000, 30);
  const stream = await openStream(gateway, words(40));
  // Two kinds, since the same one twice may be delivered once.
  gateway.kill('SIGINT');
  gateway.kill('SIGTERM');
  expect(wordsOf(await stream.end)).toBe(words(40));
  expect((await gateway.ended).code).toBe(0);
}, 120_000);

test('a second SIGTERM ends at once', async () => {
  const gateway = await start(600_000, 1000);
  const stream = await openStream(gateway, words(1000));
  gateway.kill('SIGTERM');
  await logged(gateway, 'SIGTERM: stopping');
  await sleep(1000);
  gateway.kill('SIGTERM');
  expect((await gateway.ended).code).toBe(1);
  await expect(stream.end).rejects.toThrow();
}, 120_000);

test('at the end of the drain a stream is told why, and the process ends', async () => {
  const drainMs = 1500;
  // Left alone the answer would take eight minutes.
  const gateway = await start(drainMs, 500);
  const stream = await openStream(gateway, words(1000));
  const begunMs = performance.now();
  gateway.kill('SIGTERM');
  const { code } = await gateway.ended;
  const tookMs = performance.now() - begunMs;
  expect(code).toBe(0);
  expect(tookMs).toBeGreaterThanOrEqual(drainMs - 50);
  // A second is aimed at; the rest is for a loaded machine.
  expect(tookMs).toBeLessThan(drainMs + 15_000);
  const text = await stream.end;
  expect(text).not.toContain('[DONE]');
  expect(text).toContain('"error":{');
  expect(text).toContain('KERNEL_STOPPING');
}, 120_000);

test('a reader of the output that leaves ends nothing', async () => {
  const gateway = await start(1000, 0);
  // Its log goes to a pipe that nobody reads any more.
  gateway.leave();
  for (let count = 0; count < 5; count += 1) {
    const stream = await openStream(gateway, 'hello');
    expect(wordsOf(await stream.end)).toBe('hello');
  }
  gateway.kill('SIGTERM');
  expect((await gateway.ended).code).toBe(0);
}, 120_000);
