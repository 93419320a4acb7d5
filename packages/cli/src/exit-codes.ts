import type { ProblemRow } from './problem-row.ts';

/** What the command line's exit codes mean. */
export const EXIT = Object.freeze({
  ok: 0,
  /** The thing asked for was tried and failed. */
  failed: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** The configuration is wrong (`EX_CONFIG` of sysexits). */
  config: 78,
});

/** What can be said of a failed command besides its sentence. */
interface FailureDetails {
  /** Default: {@link EXIT.failed}. */
  readonly exitCode?: number;
  /** A code of the error table, if it has one. */
  readonly code?: string;
  readonly problems?: readonly ProblemRow[];
}

/** Ends a command with a sentence for the person and an exit code. */
export class CommandError extends Error {
  readonly exitCode: number;
  readonly code: string | undefined;
  readonly problems: readonly ProblemRow[] | undefined;

  constructor(message: string, details: FailureDetails = {}) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = details.exitCode ?? EXIT.failed;
    this.code = details.code;
    this.problems = details.problems;
  }
}
