import { GatewayError } from '@cliproxy/plugin-api';
import type { Problem } from '@cliproxy/kernel';
import { describeProblem } from './describe-problem.ts';
import type { ProblemSource } from './describe-problem.ts';
import type { Position } from './position.ts';

/** A problem whose place is known already, because there are no values to point into. */
export interface PlacedProblem extends Problem {
  readonly position?: Position;
}

/**
 * The configuration can't be used; says everything that is wrong with it at once. Its `code` is
 * that of the first problem, its message holds one line per problem.
 */
export class ConfigError extends GatewayError implements ProblemSource {
  readonly file: string;
  readonly problems: readonly Problem[];
  readonly locate: ProblemSource['locate'];

  constructor(source: ProblemSource, problems: readonly Problem[]) {
    const lines = problems.slice(0, MAX_LINES).map((problem) => describeProblem(problem, source));
    const more = problems.length - lines.length;
    if (more > 0) lines.push(`… and ${more} more.`);
    super(problems[0]?.code ?? 'CONFIG_INVALID', lines.join('\n'));
    this.name = 'ConfigError';
    this.file = source.file;
    this.problems = problems;
    this.locate = source.locate;
  }
}

const MAX_LINES = 50;
