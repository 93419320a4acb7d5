/** Knows which values must never be printed. Implemented where the log is. */
export interface SecretRegistry {
  /** From now on the value is masked wherever it appears in the log. */
  add(value: string): void;
  /** A text without any of them, for what reaches clients and pages. */
  mask(text: string): string;
}
