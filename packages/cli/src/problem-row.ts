/** A problem as `--json` prints it. */
export interface ProblemRow {
  /** A code of the error table. */
  readonly code: string;
  readonly message: string;
  readonly instance?: string;
  /** JSON pointer into the configuration. */
  readonly pointer?: string;
  readonly file: string;
  /** From 1. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
}
