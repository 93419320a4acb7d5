/** The time. Tests give their own. */
export interface Clock {
  /** Milliseconds since 1970; may jump. For reset times that vendors state. */
  now(): number;
  /** Milliseconds since some start; never jumps. For durations. */
  monotonic(): number;
}
