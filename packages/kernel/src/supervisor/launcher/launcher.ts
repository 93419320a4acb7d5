import type { ProcessOrder, StartedProcess } from '../start-process.ts';
import { LauncherProcess } from './launcher-process.ts';

/**
 * Starts processes by way of a small one of their own, from the first on until {@link Launcher.end}:
 * a system copies the tables of all of a process's memory when that starts another, during which the
 * gateway would answer nobody, and a process that stands back could not be started by one that does not.
 */
export class Launcher {
  readonly #startMs: number | undefined;
  #process: LauncherProcess | undefined;

  /** @param startMs - see {@link LauncherProcess}. */
  constructor(startMs?: number) {
    this.#startMs = startMs;
  }

  /**
   * Starts a process, which has a descriptor 3.
   *
   * @throws Error that says why it can't be started.
   */
  async start(order: ProcessOrder): Promise<Required<StartedProcess>> {
    if (this.#process?.over !== false) this.#process = new LauncherProcess(this.#startMs);
    return this.#process.start(order);
  }

  /** Ends it, and what it started. Never rejects. */
  async end(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    await process?.end();
  }
}
