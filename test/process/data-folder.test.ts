/** The folder of logins, as those who start the gateway meet it. */
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { chmodSync, existsSync } from 'node:fs';
import path from 'node:path';
import { openWorkshop, prepareOnce } from './gateway-process.ts';
import type { Workshop } from './gateway-process.ts';

const PATIENCE_MS = 120_000;
let shop: Workshop;

beforeAll(prepareOnce, PATIENCE_MS);
beforeEach(() => {
  shop = openWorkshop();
});
afterEach(() => shop.clear());

test(
  'one gateway has it; a second one ends and names the first; after a kill it is free',
  async () => {
    const config = shop.config('server: { port: 0 }\nplugins: { echo: {} }\n');
    const first = await shop.start(['--config', config]);
    expect(existsSync(path.join(shop.dir, '.cliproxy', 'data'))).toBe(true);
    const second = await shop.run(['start', '--config', config]);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/another gateway \(process \d+, since .*data\.folder/);
    first.kill('SIGKILL');
    await first.ended;
    const third = await shop.start(['--config', config]);
    third.kill('SIGTERM');
    expect((await third.ended).code).toBe(0);
  },
  PATIENCE_MS,
);

test(
  'one that others can enter: exit code 78, and what to do',
  async () => {
    const config = shop.config('server: { port: 0 }\nplugins: { echo: {} }\n');
    const first = await shop.start(['--config', config]);
    first.kill('SIGTERM');
    await first.ended;
    const folder = path.join(shop.dir, '.cliproxy', 'data');
    chmodSync(folder, 0o750);
    const { code, stderr } = await shop.run(['start', '--config', config]);
    expect(code).toBe(78);
    expect(stderr).toContain(`chmod 700 '${folder}'`);
  },
  PATIENCE_MS,
);
