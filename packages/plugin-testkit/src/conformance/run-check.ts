import { performance } from 'node:perf_hooks';
import { CheckContext } from './check-context.ts';
import { CheckFailure } from './check.ts';
import type { Check, CheckResult, Finding } from './check.ts';
import { LEVELS } from './level.ts';
import type { Subject } from './subject.ts';

/** A check that takes longer has found something that hangs. */
export const CHECK_LIMIT_MS = 120_000;

/** Why a check can't say anything, before anything is run; undefined: it can. */
export function whyNot(
  check: Check,
  subject: Subject,
): { readonly result: 'not-applicable' | 'not-run'; readonly reason: string } | undefined {
  const told = subject.told.notApplicable?.[check.id];
  const reason = told ?? check.notApplicable?.(subject);
  if (reason !== undefined) return { result: 'not-applicable', reason };
  const { level = 'survives' } = subject.told;
  if (LEVELS.indexOf(check.level) <= LEVELS.indexOf(level)) return undefined;
  return { result: 'not-run', reason: `the level "${check.level}" was not asked for` };
}

/** Runs one check. Never rejects. @param before - the results of those that ran before it. */
export async function runCheck(
  check: Check,
  subject: Subject,
  before: readonly CheckResult[],
): Promise<CheckResult> {
  const { id, level, means } = check;
  const head = { id, level, means };
  const not = whyNot(check, subject);
  if (not !== undefined) return { ...head, ...not };
  const missing = check.needs?.find((need) =>
    before.some((one) => one.id === need && (one.result === 'failed' || one.result === 'not-run')),
  );
  if (missing !== undefined) {
    return { ...head, result: 'not-run', reason: `"${missing}" did not pass, which it needs` };
  }
  const began = performance.now();
  const finding = await findingOf(check, subject);
  const durationMs = Math.round(performance.now() - began);
  return finding === undefined
    ? { ...head, result: 'passed', durationMs }
    : { ...head, result: 'failed', durationMs, ...finding };
}

async function findingOf(check: Check, subject: Subject): Promise<Finding | undefined> {
  const context = new CheckContext(subject);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new CheckFailure(hangs)), CHECK_LIMIT_MS);
  });
  try {
    await Promise.race([check.run(context), late]);
    return undefined;
  } catch (error) {
    if (error instanceof CheckFailure) {
      const { expected, seen, remedy } = error;
      return { expected, seen, remedy };
    }
    const seen = error instanceof Error ? error.message : String(error);
    return { expected: 'the check to run', seen, remedy: 'read the error' };
  } finally {
    clearTimeout(timer);
    await context.close();
  }
}

const hangs: Finding = {
  expected: `a result within ${CHECK_LIMIT_MS / 1000} s`,
  seen: 'none',
  remedy: 'look for what waits without looking at its signal',
};
