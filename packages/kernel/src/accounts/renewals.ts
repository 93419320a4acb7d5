import type { PluginInstance } from '../plugins/plugin-instance.ts';
import type { AccountHandle } from './account-handle.ts';

/** What {@link Renewals} need. */
export interface RenewalsOptions {
  readonly instances: () => readonly PluginInstance[];
}

/**
 * How often is looked whether something is due. Looked at and not waited for: a timer for an hour
 * would be late by as long as the machine has slept.
 */
const LOOK_MS = 15_000;
/** So many are renewed at a time, for the start after a long sleep. */
const AT_A_TIME = 4;

/** Renews the credentials of accounts before they end, also of those that nobody uses. */
export class Renewals {
  readonly #options: RenewalsOptions;
  #timer: NodeJS.Timeout | undefined;
  #busy = false;
  #stopped = false;

  constructor(options: RenewalsOptions) {
    this.#options = options;
  }

  /** Looks now, and from now on every few seconds. */
  start(): void {
    if (this.#timer !== undefined || this.#stopped) return;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
    this.#look();
  }

  /** Begins no further renewal; an account waits for its own before it ends. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.#busy) return;
    this.#busy = true;
    const line = this.#options.instances().flatMap((instance) => [...instance.accounts()]);
    const workers = Array.from({ length: AT_A_TIME }, () => this.#work(line));
    void Promise.all(workers).then(() => {
      this.#busy = false;
    });
  }

  async #work(line: AccountHandle[]): Promise<void> {
    for (let next = line.shift(); next !== undefined; next = line.shift()) {
      if (this.#stopped) return;
      await next.renewInTime();
    }
  }
}
