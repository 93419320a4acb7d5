/** One thing that was looked at. */
export interface Finding {
  readonly check: string;
  readonly result: 'ok' | 'warning' | 'failed';
  /** What was found, and what to do where it isn't `ok`. */
  readonly detail: string;
}
