import type { OnFault } from '../faults/instance-faults.ts';
import { within } from './within.ts';

/** Collects what an instance must release, and releases it: the last first, each for itself. */
export class Disposer {
  readonly #onFault: OnFault;
  readonly #limitMs: number;
  readonly #releases: (() => void | Promise<void>)[] = [];
  #disposed: Promise<void> | undefined;

  /** @param limitMs - for each release. */
  constructor(onFault: OnFault, limitMs: number) {
    this.#onFault = onFault;
    this.#limitMs = limitMs;
  }

  /** What comes after the end is released at once. */
  add(release: () => void | Promise<void>): void {
    if (this.#disposed === undefined) this.#releases.push(release);
    else void this.#run(release);
  }

  /** Never rejects: what fails is told, and the rest goes on. */
  async dispose(): Promise<void> {
    this.#disposed ??= this.#all();
    return this.#disposed;
  }

  async #all(): Promise<void> {
    for (let next = this.#releases.pop(); next !== undefined; next = this.#releases.pop()) {
      await this.#run(next);
    }
  }

  async #run(release: () => void | Promise<void>): Promise<void> {
    try {
      await within(this.#limitMs, release);
    } catch (error) {
      this.#onFault('stop', error, 'something that it had to release could not be');
    }
  }
}
