/** What was written to the console, in the place of being shown. */
export interface ConsoleOutput {
  readonly lines: readonly unknown[];
  restore(): void;
}

const WAYS = ['log', 'info', 'warn', 'error', 'debug'] as const;

/** Takes the console away for a while. */
export function silenced(): ConsoleOutput {
  const lines: unknown[] = [];
  const own = { ...console };
  for (const way of WAYS) console[way] = (...said: unknown[]) => void lines.push(said);
  return {
    lines,
    restore: () => void Object.assign(console, own),
  };
}
