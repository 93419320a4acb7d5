import type { Problem } from '@cliproxy/kernel';
import { toPointer } from './pointer.ts';
import type { Position } from './position.ts';

/** Where problems point into: a loaded configuration, or the error that says why there is none. */
export interface ProblemSource {
  /** The file, as it was named. */
  readonly file: string;
  /** Where a pointer's value, or its key, stands; the nearest key above it, where it is absent. */
  readonly locate: (pointer: string, atKey?: boolean) => Position | undefined;
}

/**
 * One line for a person: `config.yaml:3:9 message`. A problem of an instance that points nowhere
 * gets the place of the instance; one that has no place at all the file's name alone.
 */
export function describeProblem(problem: Problem, source: ProblemSource): string {
  const position = problemPosition(problem, source);
  const place = position === undefined ? ':' : `:${position.line}:${position.column}`;
  return `${source.file}${place} ${problem.message}`;
}

/** Where a problem stands in its file; absent where it stands nowhere. */
export function problemPosition(problem: Problem, source: ProblemSource): Position | undefined {
  const { pointer, instanceId } = problem;
  if ('position' in problem) return problem.position as Position;
  if (pointer !== undefined) return source.locate(pointer, problem.atKey ?? false);
  if (instanceId === undefined) return undefined;
  return source.locate(toPointer(['plugins', instanceId]), true);
}
