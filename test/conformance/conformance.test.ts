import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import type { ConformanceReport } from '@cliproxy/plugin-testkit';
import { providersPage } from './providers-page.ts';

test('docs/PROVIDERS.md says how far each plugin can be relied on, and none fails a check', async () => {
  // As a person runs it, and apart from jest, whose modules are of another realm.
  const run = path.join(import.meta.dirname, 'run.mjs');
  const reports = JSON.parse(
    execFileSync(process.execPath, [run, '--json'], { encoding: 'utf8', maxBuffer: 1 << 26 }),
  ) as ConformanceReport[];
  expect(reports.length).toBeGreaterThan(5);
  const failed = reports.flatMap(({ checks }) =>
    checks.filter(({ result }) => result === 'failed'),
  );
  expect(failed).toEqual([]);
  const page = readFileSync(new URL('../../docs/TESTING-PLUGINS.md', import.meta.url), 'utf8');
  const listed = [...page.matchAll(/^\| `([a-z-]+)` +\| (.+?) +\|$/gmu)].map(([, id, means]) => [
    id,
    means,
  ]);
  expect(listed).toEqual(reports[0]?.checks.map(({ id, means }) => [id, means]));
  expect(providersPage.read()).toBe(await providersPage.within(reports));
}, 600_000);
