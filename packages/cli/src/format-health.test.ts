import { expect, test } from '@jest/globals';
import { formatHealth } from './format-health.ts';

test('shows why an account is out, for how long, and what vendors say is left', () => {
  const text = formatHealth({
    status: 'degraded',
    ready: true,
    version: '1.2.3',
    uptimeMs: 61_000,
    process: { pid: 7, rssBytes: 50e6, node: 'v20.0.0' },
    plugins: [
      {
        instanceId: 'one',
        plugin: 'one',
        package: '@fake/one',
        version: '1.0.0',
        state: 'ready',
        status: 'degraded',
        problems: [],
        requests: { answered: 3, failed: 1 },
        children: [
          {
            name: 'browser',
            state: 'ready',
            sinceMs: 0,
            startedMs: Date.now() - 61_000,
            pid: 8,
            memoryBytes: 400e6,
            restarts: 2,
            lastExit: { atMs: Date.now() - 62_000, reason: 'exited with code 3' },
          },
          { name: 'other', state: 'backing-off', sinceMs: 0, restarts: 5 },
        ],
        accounts: [
          {
            id: 'one/a',
            label: '***a',
            state: 'cooling',
            reason: 'slow down',
            untilMs: 0,
            retryInMs: 65_000,
            probes: [],
            quotas: [
              {
                name: 'requests',
                limit: 500,
                remaining: 0,
                resetAtMs: Date.parse('2026-11-20T12:00:00Z'),
              },
              { name: 'tokens', limit: 9 },
            ],
          },
        ],
      },
    ],
  });
  const rows = text.split('\n').map((row) => row.split(/ {2,}/u).join('|'));
  expect(rows).toContain('gateway|7|ready|1 min 1 s|50 MB|-');
  expect(rows).toContain('one/browser|8|ready|1 min 1 s|400 MB|2');
  expect(rows).toContain('one/other|-|backing-off|-|-|5');
  expect(rows).toContain('2 processes');
  expect(rows).toContain('one/browser: ended 1 min 2 s ago: exited with code 3');
  expect(rows).toContain('one/a|***a|cooling|1 min 5 s|slow down');
  expect(rows).toContain('ACCOUNT|LIMIT|LEFT|OF|ANEW AT');
  expect(rows).toContain('one/a|requests|0|500|2026-11-20T12:00:00.000Z');
  expect(rows).toContain('one/a|tokens|?|9|-');
});
