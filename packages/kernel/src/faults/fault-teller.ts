import type { PluginFaulted } from '../ports/event-sink.ts';

/** So many faults of an instance within {@link WINDOW_MS} are told one by one. */
const TOLD_SINGLY = 5;
/** What comes beyond is told as a sum when this time is over. */
const WINDOW_MS = 10_000;

type Told = Omit<PluginFaulted, 'type'>;

interface Window {
  singly: number;
  /** What is still to be told, by where it happened. */
  readonly sums: Map<string, Told>;
  readonly timer: NodeJS.Timeout;
}

/**
 * Tells of faults one by one, and of a flood of them as sums: whoever adds up `count` misses none,
 * and a plugin that fails ten thousand times does not fill the log.
 */
export class FaultTeller {
  readonly #tell: (fault: Told) => void;
  readonly #windows = new Map<string, Window>();

  constructor(tell: (fault: Told) => void) {
    this.#tell = tell;
  }

  note(fault: Omit<Told, 'count'>): void {
    const window = this.#windowOf(fault.instanceId);
    if (window.singly < TOLD_SINGLY) {
      window.singly += 1;
      this.#tell({ ...fault, count: 1 });
      return;
    }
    const before = window.sums.get(fault.where);
    window.sums.set(fault.where, { ...fault, count: (before?.count ?? 0) + 1 });
  }

  /** Tells what is still to be told. */
  stop(): void {
    for (const instanceId of [...this.#windows.keys()]) this.#close(instanceId);
  }

  #windowOf(instanceId: string): Window {
    let window = this.#windows.get(instanceId);
    if (window === undefined) {
      const timer = setTimeout(() => this.#close(instanceId), WINDOW_MS);
      timer.unref();
      window = { singly: 0, sums: new Map(), timer };
      this.#windows.set(instanceId, window);
    }
    return window;
  }

  #close(instanceId: string): void {
    const window = this.#windows.get(instanceId);
    if (window === undefined) return;
    this.#windows.delete(instanceId);
    clearTimeout(window.timer);
    for (const sum of window.sums.values()) this.#tell(sum);
  }
}
