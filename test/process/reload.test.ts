import { writeFileSync } from 'node:fs';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  KEY,
  ask,
  echoConfig,
  logged,
  openStream,
  openWorkshop,
  prepareOnce,
  until,
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

const OTHER_KEY = 'cpx-another-client-key';
const RELOADED = 'the configuration was reloaded';
const NOT_RELOADED = 'the configuration was not reloaded, the former one stays in force';

function count(gateway: GatewayProcess, message: string): number {
  return gateway.log().filter((line) => line.message === message).length;
}

/** How often the log says it grows by one. */
async function again(gateway: GatewayProcess, message: string, work: () => void): Promise<void> {
  const before = count(gateway, message);
  work();
  await until(() => count(gateway, message) > before, `not again: ${message}`);
}

test('a saved file takes effect: the new key works, the old one is refused', async () => {
  const file = shop.config(echoConfig({}));
  const gateway = await shop.start(['--config', file]);
  expect((await ask(gateway, 'hi')).status).toBe(200);
  // The watch begins after the port is open; what was saved before is read then.
  writeFileSync(file, echoConfig({}).replace(KEY, OTHER_KEY));
  await logged(gateway, RELOADED);
  expect((await ask(gateway, 'hi', { key: OTHER_KEY })).status).toBe(200);
  expect((await ask(gateway, 'hi')).status).toBe(401);
}, 120_000);

test('SIGHUP over an unchanged file is answered in the log', async () => {
  const gateway = await shop.start(['--config', shop.config(echoConfig({}))]);
  const told = 'SIGHUP: the configuration has not changed';
  // Again and again: one that comes before the watch has begun is answered by the watch's first look.
  await until(() => {
    gateway.kill('SIGHUP');
    return count(gateway, told) > 0;
  }, `not told: ${told}`);
}, 120_000);

test('a broken file changes nothing, and the log names file, line and column; SIGHUP reads again', async () => {
  const file = shop.config(echoConfig({}));
  const gateway = await shop.start(['--config', file]);
  writeFileSync(file, 'server: { port: 0 }\nplugins:\n  echo: { enabld: true }\n');
  await logged(gateway, NOT_RELOADED);
  const errors = () => gateway.log().filter(({ level }) => level === 'error');
  expect(errors()[0]?.message).toContain(`${file}:3:11 `);
  expect(errors()[0]?.message).toContain('Did you mean enabled?');
  expect((await ask(gateway, 'hi')).status).toBe(200);
  await again(gateway, NOT_RELOADED, () => gateway.kill('SIGHUP'));
  expect((await ask(gateway, 'hi')).status).toBe(200);
  writeFileSync(file, echoConfig({}));
  await logged(gateway, 'the configuration is as before');
}, 120_000);

test('a file that a plugin refuses changes nothing; put right, the next reload counts', async () => {
  const file = shop.config(echoConfig({}));
  const gateway = await shop.start(['--config', file]);
  const refused = echoConfig({ paceMs: -1 }).replace(KEY, OTHER_KEY);
  writeFileSync(file, refused);
  await logged(gateway, NOT_RELOADED);
  expect(
    gateway
      .log()
      .map(({ message }) => message)
      .join('\n'),
  ).toContain(`${file}:4:29 `);
  expect((await ask(gateway, 'hi')).status).toBe(200);
  expect((await ask(gateway, 'hi', { key: OTHER_KEY })).status).toBe(401);
  // Counted as never in force: asked again, it is tried again.
  await again(gateway, NOT_RELOADED, () => gateway.kill('SIGHUP'));
  await again(gateway, RELOADED, () => writeFileSync(file, refused.replace('-1', '1')));
  expect((await ask(gateway, 'hi', { key: OTHER_KEY })).status).toBe(200);
}, 120_000);

test('what only a start can change is named', async () => {
  const file = shop.config(echoConfig({}));
  const gateway = await shop.start(['--config', file]);
  writeFileSync(file, echoConfig({}).replace('port: 0', 'port: 1'));
  await logged(gateway, 'takes effect at the next start: server.port');
  expect((await ask(gateway, 'hi')).status).toBe(200);
}, 120_000);

test('twenty reloads under load fail no request, and a long stream survives them', async () => {
  const file = shop.config(echoConfig({ paceMs: 1 }));
  const gateway = await shop.start(['--config', file]);
  // As long as it takes: no generation but the first one paces it so slowly.
  writeFileSync(file, echoConfig({ paceMs: 50 }));
  await logged(gateway, RELOADED);
  const said = words(300);
  const stream = await openStream(gateway, said);
  const statuses: number[] = [];
  let loading = true;
  const workers = Array.from({ length: 4 }, async () => {
    while (loading) {
      const reply = await ask(gateway, 'are you there');
      statuses.push(reply.status);
      expect(await reply.text()).toContain('are you there');
    }
  });
  for (let round = 1; round <= 20; round += 1) {
    await again(gateway, RELOADED, () => {
      writeFileSync(file, echoConfig({ paceMs: round % 5, rest: `aliases: { a${round}: echo }` }));
      gateway.kill('SIGHUP');
    });
  }
  const survived = !stream.text().includes('[DONE]');
  loading = false;
  await Promise.all(workers);
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(statuses.length).toBeGreaterThan(20);
  const whole = await stream.end;
  expect(wordsOf(whole)).toBe(said);
  expect(whole).toContain('data: [DONE]');
  // Otherwise it would have shown nothing.
  expect(survived).toBe(true);
}, 120_000);
