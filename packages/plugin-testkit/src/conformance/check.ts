import type { CheckContext } from './check-context.ts';
import type { Level } from './level.ts';
import type { Subject } from './subject.ts';

/** One thing that a plugin must do, or must not. */
export interface Check {
  /** Stable: reports, tests and `notApplicable` name it. */
  readonly id: string;
  readonly level: Level;
  /** In one sentence, what holds of a plugin that passes. */
  readonly means: string;
  /** Checks without which this one says nothing. */
  readonly needs?: readonly string[];
  /** Why it says nothing of this plugin; undefined where it does. Runs no plugin code. */
  notApplicable?(subject: Subject): string | undefined;
  /** @throws CheckFailure where it does not hold. */
  run(context: CheckContext): Promise<void>;
}

/** What came of a check. */
export type CheckResult = { readonly id: string; readonly level: Level; readonly means: string } & (
  | { readonly result: 'passed'; readonly durationMs: number }
  | ({ readonly result: 'failed'; readonly durationMs: number } & Finding)
  /** With the reason why it says nothing of this plugin. */
  | { readonly result: 'not-applicable'; readonly reason: string }
  /** A check that it needs has failed, or its level was not asked for. */
  | { readonly result: 'not-run'; readonly reason: string }
);

/** What a check found, and what mends it. */
export interface Finding {
  readonly expected: string;
  readonly seen: string;
  readonly remedy: string;
}

/** Something does not hold. */
export class CheckFailure extends Error implements Finding {
  override readonly name = 'CheckFailure';
  readonly expected: string;
  readonly seen: string;
  readonly remedy: string;

  constructor({ expected, seen, remedy }: Finding) {
    super(`expected ${expected}; seen: ${seen}; ${remedy}`);
    this.expected = expected;
    this.seen = seen;
    this.remedy = remedy;
  }
}

/** Fails unless something holds. */
export function hold(holds: boolean, finding: Finding | (() => Finding)): asserts holds is true {
  if (!holds) throw new CheckFailure(typeof finding === 'function' ? finding() : finding);
}

/** A value as a finding shows it. */
export function shown(value: unknown): string {
  const text =
    typeof value === 'string'
      ? value
      : ((JSON.stringify(value) as string | undefined) ?? String(value));
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
