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
  expect(rows).toContain('one/a|***a|cooling|1 min 5 s|slow down');
  expect(rows).toContain('ACCOUNT|LIMIT|LEFT|OF|ANEW AT');
  expect(rows).toContain('one/a|requests|0|500|2026-11-20T12:00:00.000Z');
  expect(rows).toContain('one/a|tokens|?|9|-');
});
