import type { GatewayPlugin } from '@cliproxy/plugin-api';
import { CHECKS } from './all-checks.ts';
import type { CheckResult } from './check.ts';
import type { Conformance, ConformanceUpstream } from './conformance.ts';
import { findingText } from './report.ts';
import { CHECK_LIMIT_MS, runCheck, whyNot } from './run-check.ts';
import { subjectOf } from './subject.ts';

/** The functions of a test runner, as jest and vitest have them. */
export interface TestRunner {
  describe(name: string, body: () => void): void;
  test: ((name: string, body: () => Promise<void>, timeoutMs: number) => void) & {
    skip(name: string, body: () => void): void;
  };
}

/** What {@link describePlugin} needs to know. */
export interface DescribeOptions<
  U extends ConformanceUpstream = ConformanceUpstream,
> extends Conformance<U> {
  /** URL of the plugin's package.json: `new URL('../package.json', import.meta.url)`. */
  readonly packageJson: URL;
  /** Default: what the runner has put on the global object. */
  readonly runner?: TestRunner;
}

/**
 * Makes a test of each check: one call in a test file, beside the plugin's own tests. The package must
 * be built, since two of the checks run what is published in a process of its own.
 *
 * @throws Error where there is no test runner.
 */
export function describePlugin<U extends ConformanceUpstream>(
  plugin: GatewayPlugin,
  { packageJson, runner = globalRunner(), ...told }: DescribeOptions<U>,
): void {
  const subject = subjectOf(plugin, packageJson, told);
  const results: CheckResult[] = [];
  runner.describe(`${subject.packageName} conforms`, () => {
    for (const check of CHECKS) {
      const name = `${check.level} · ${check.id}: ${check.means}`;
      const not = whyNot(check, subject);
      if (not !== undefined) {
        const why = not.result === 'not-run' ? 'not run' : 'does not apply';
        runner.test.skip(`${name} (${why}: ${not.reason})`, () => undefined);
        continue;
      }
      const body = async (): Promise<void> => {
        const result = await runCheck(check, subject, results);
        results.push(result);
        if (result.result === 'failed') throw new Error(`${check.id}\n${findingText(result)}`);
        if (result.result === 'not-run') throw new Error(`${check.id}: not run: ${result.reason}`);
      };
      runner.test(name, body, CHECK_LIMIT_MS + 30_000);
    }
  });
}

function globalRunner(): TestRunner {
  const { describe, test } = globalThis as Partial<TestRunner>;
  if (describe !== undefined && test !== undefined) return { describe, test };
  throw new Error(
    'describePlugin found no `describe` and `test`: run it in a test file of jest (or of vitest with ' +
      'globals), or give them as `runner: { describe, test }`',
  );
}
