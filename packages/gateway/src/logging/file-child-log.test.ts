import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createLogging } from './create-logging.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'cliproxy-child-log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('lines of a child are kept as JSON in a private file, secrets masked, long ones cut', async () => {
  const logging = createLogging({
    level: 'error',
    format: 'json',
    stream: new PassThrough(),
    dataFolder: folder,
  });
  logging.secrets.add('a-very-secret-key');
  const log = logging.childLog('relay', 'browser')!;
  log.write('started, pid 7');
  log.write('key a-very-secret-key \u001B[2J');
  log.write('x'.repeat(100_000));
  await log.close();
  log.write('too late');
  await log.close();
  const { file } = log;
  expect(file).toBe(path.join(folder, 'logs', 'relay.browser.log'));
  const text = readFileSync(file, 'utf8');
  expect(text).not.toContain('\u001B');
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toMatchObject([
    { name: 'relay/browser', message: 'started, pid 7' },
    { name: 'relay/browser', message: 'key *** \u001B[2J' },
    { level: 'info' },
  ]);
  expect(lines).toHaveLength(3);
  expect(lines[2].message.length).toBeLessThan(10_000);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
});

test('a child that floods its log fills ten megabytes, not the disk', async () => {
  const logging = createLogging({
    level: 'error',
    format: 'json',
    stream: new PassThrough(),
    dataFolder: folder,
  });
  const log = logging.childLog('noisy', 'one')!;
  const line = 'y'.repeat(4000);
  for (let batch = 0; batch < 16; batch += 1) {
    for (let index = 0; index < 250; index += 1) log.write(line);
    // The disk takes one batch while the next is printed.
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await log.close();
  const logs = path.join(folder, 'logs');
  const bytes = readdirSync(logs).map((name) => statSync(path.join(logs, name)).size);
  expect(bytes.length).toBeGreaterThan(1);
  expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(10 * 1024 * 1024);
  expect(bytes.length).toBeLessThanOrEqual(5);
});

test('without a data folder there is none', async () => {
  const logging = createLogging({ level: 'error', format: 'json', stream: new PassThrough() });
  expect(logging.childLog('a', 'b')).toBeUndefined();
});
