import type { GatewayPlugin } from '@cliproxy/plugin-api';
import { CHECKS } from './all-checks.ts';
import type { CheckResult } from './check.ts';
import type { Conformance, ConformanceUpstream } from './conformance.ts';
import { reportOf } from './report.ts';
import type { ConformanceReport } from './report.ts';
import { runCheck } from './run-check.ts';
import { subjectOf } from './subject.ts';

/** How a run is followed. */
export interface ConformanceRun {
  /** Told of each result as it comes, and of the check that begins. */
  onResult?(result: CheckResult): void;
  onBegin?(id: string): void;
}

/** Runs every check of a plugin, one after another. Never rejects because of the plugin. */
export async function runConformance<U extends ConformanceUpstream>(
  plugin: GatewayPlugin,
  packageJson: URL,
  told: Conformance<U> = {},
  run: ConformanceRun = {},
): Promise<ConformanceReport> {
  const subject = subjectOf(plugin, packageJson, told);
  const results: CheckResult[] = [];
  for (const check of CHECKS) {
    run.onBegin?.(check.id);
    const result = await runCheck(check, subject, results);
    results.push(result);
    run.onResult?.(result);
  }
  return reportOf(subject, results);
}
