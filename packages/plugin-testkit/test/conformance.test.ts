import { describe, expect, test } from '@jest/globals';
import { CHECKS } from '../src/conformance/all-checks.ts';
import { runConformance } from '../src/conformance/run-conformance.ts';
import { badPlugins } from './bad-plugins.ts';
import { writePlugin } from './plugin-package.ts';
import { checkTwists } from './twist-checkers.ts';

/** As many at once as wait for something most of the time. */
const PROCESSES = 4;
const TIME_MS = 240_000;

test(
  'a good plugin passes every check',
  async () => {
    const written = await writePlugin();
    const report = await runConformance(written.plugin, written.packageJson);
    written.remove();
    expect(report.checks.filter(({ result }) => result !== 'passed')).toEqual([]);
    expect(report.checks).toHaveLength(CHECKS.length);
    expect(report).toMatchObject({
      ...{ plugin: 'twisted', package: 'twisted-plugin', level: 'survives' },
    });
  },
  TIME_MS,
);

describe('is caught by the check that is meant for it, and by no other, a plugin that', () => {
  let reports: ReturnType<typeof checkTwists> | undefined;

  test.each(badPlugins.map((bad, at) => ({ ...bad, at })))(
    '$what ($id)',
    async ({ id, seen, at }) => {
      reports ??= checkTwists(badPlugins, PROCESSES);
      const report = await reports[at];
      const failed = report?.checks.filter(({ result }) => result === 'failed');
      expect(failed).toEqual([
        expect.objectContaining({
          id,
          seen: expect.stringMatching(seen),
          remedy: expect.any(String),
        }),
      ]);
    },
    TIME_MS,
  );

  test('there is one for each check', () => {
    const ids = new Set(badPlugins.map(({ id }) => id));
    expect([...ids].sort()).toEqual(CHECKS.map(({ id }) => id).sort());
  });
});
