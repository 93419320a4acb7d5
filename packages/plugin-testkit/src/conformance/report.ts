import { API_VERSION } from '@cliproxy/plugin-api';
import { CORNERSTONES } from './all-checks.ts';
import type { CheckResult } from './check.ts';
import { LEVELS } from './level.ts';
import type { Level } from './level.ts';
import type { Subject } from './subject.ts';

/** What came of all checks of a plugin. */
export interface ConformanceReport {
  readonly plugin: string;
  readonly package: string;
  readonly version: string;
  /** Of the contract. */
  readonly apiVersion: string;
  /** The highest level reached; `none` where it does not even load. */
  readonly level: Level | 'none';
  readonly checks: readonly CheckResult[];
}

/** Makes the report of the results. */
export function reportOf(subject: Subject, checks: readonly CheckResult[]): ConformanceReport {
  return {
    plugin: subject.manifest.id,
    package: subject.packageName,
    version: subject.version,
    apiVersion: API_VERSION,
    level: levelOf(checks),
    checks,
  };
}

/**
 * A level is reached where none of its checks has failed, nor one of a level before it, and the plugin
 * itself passed the one that the level stands on.
 */
function levelOf(checks: readonly CheckResult[]): Level | 'none' {
  let reached: Level | 'none' = 'none';
  for (const level of LEVELS) {
    const own = checks.filter((one) => one.level === level);
    const isClean = own.every(({ result }) => result === 'passed' || result === 'not-applicable');
    const stands = own.some(({ id, result }) => id === CORNERSTONES[level] && result === 'passed');
    if (!isClean || !stands) break;
    reached = level;
  }
  return reached;
}

const SIGNS = { passed: '✓', failed: '✗', 'not-applicable': '–', 'not-run': '·' } as const;

/** The report for a person. */
export function reportText(report: ConformanceReport): string {
  const sections = LEVELS.map((level) => {
    const own = report.checks.filter((one) => one.level === level);
    return [level, ...own.map((one) => resultText(one))].join('\n');
  });
  const { plugin, package: name, version, level } = report;
  const failed = report.checks.filter(({ result }) => result === 'failed').length;
  const sum = failed === 0 ? '' : `; ${failed} ${failed === 1 ? 'check' : 'checks'} failed`;
  const said = level === 'none' ? 'it does not load' : `it ${level}`;
  return [`${plugin} (${name} ${version})`, ...sections, `Level reached: ${said}${sum}`].join(
    '\n\n',
  );
}

/** One result, with what was found. */
export function resultText(result: CheckResult): string {
  const line = `  ${SIGNS[result.result]} ${result.id}: ${result.means}`;
  if (result.result === 'passed') return line;
  if (result.result === 'failed') return `${line}\n${findingText(result, '      ')}`;
  const why = result.result === 'not-run' ? 'not run' : 'does not apply';
  return `${line}\n      ${why}: ${result.reason}`;
}

/** What was found, a line each. */
export function findingText(
  finding: { readonly expected: string; readonly seen: string; readonly remedy: string },
  indent = '',
): string {
  return [
    `expected: ${finding.expected}`,
    `seen:     ${finding.seen}`,
    `remedy:   ${finding.remedy}`,
  ]
    .map((line) => indent + line)
    .join('\n');
}

const COLOURS = {
  none: '#9f1d1d',
  loads: '#8a6d00',
  speaks: '#1f6f8b',
  survives: '#2c7a2c',
} as const;

/** A badge for a README, as SVG. */
export function reportBadge({ level }: ConformanceReport): string {
  const label = 'cliproxy plugin';
  const value = level === 'none' ? 'does not load' : level;
  const left = 10 + label.length * 7;
  const right = 10 + value.length * 7;
  const text = (x: number, of: string): string =>
    `<text x="${x}" y="14" text-anchor="middle">${of}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="20" role="img" aria-label="${label}: ${value}"><title>${label}: ${value}</title><rect width="${left + right}" height="20" rx="3" fill="#444"/><rect x="${left}" width="${right}" height="20" rx="3" fill="${COLOURS[level]}"/><g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">${text(left / 2, label)}${text(left + right / 2, value)}</g></svg>\n`;
}
