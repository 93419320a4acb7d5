import { format } from 'prettier';
import type { ConformanceReport } from '@cliproxy/plugin-testkit';
import { generatedPart } from '../generated-part.ts';

const part = generatedPart('PROVIDERS.md', 'npm run conformance -- --write');

/** The page that holds the table of the last run. */
export const providersPage = {
  /** The table as the page has it. */
  read: () => part.read(),
  /** The table as the page should have it. */
  async within(reports: readonly ConformanceReport[]): Promise<string> {
    return (await format(tableOf(reports), { parser: 'markdown', printWidth: 100 })).trim();
  },
  async write(reports: readonly ConformanceReport[]): Promise<void> {
    part.write(await this.within(reports));
  },
};

/** A line for each plugin: how far it can be relied on, and what could not be asked of it. */
export function tableOf(reports: readonly ConformanceReport[]): string {
  const lines = reports.map(({ plugin, level, checks }) => {
    const passed = checks.filter(({ result }) => result === 'passed').length;
    const failed = checks.flatMap(({ id, result }) => (result === 'failed' ? [`\`${id}\``] : []));
    const sum = failed.length === 0 ? String(passed) : `${passed}, not ${failed.join(' ')}`;
    return `| \`${plugin}\` | ${level} | ${sum} | ${exceptions(checks) || '–'} |`;
  });
  return ['| plugin | level | checks passed | do not apply |', '|---|---|---|---|', ...lines].join(
    '\n',
  );
}

/** The checks that say nothing of a plugin, with the reason, each reason once. */
function exceptions(checks: ConformanceReport['checks']): string {
  const reasons = new Map<string, string[]>();
  for (const check of checks) {
    if (check.result !== 'not-applicable') continue;
    reasons.set(check.reason, [...(reasons.get(check.reason) ?? []), `\`${check.id}\``]);
  }
  return [...reasons].map(([reason, ids]) => `${ids.join(' ')}: ${reason}`).join('; ');
}
