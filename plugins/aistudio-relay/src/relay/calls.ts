import { pageFault } from './page-fault.ts';
import type { PageAnswer } from './page-answer.ts';

/** How many answers that nobody wants are known by name, until their last word. */
const MAX_FORGOTTEN = 1024;
/** Messages without use that a page may send at once, and how many more each second. */
const BURST = 200;
const PER_SECOND = 20;

/** The calls of one page, by the number or id that stands for them on its connection. */
export class Calls<Id> {
  readonly #answers = new Map<Id, PageAnswer>();
  /** Pages of version 1 go on with what was given up. */
  readonly #forgotten = new Set<Id>();
  readonly #now: () => number;
  #leave = BURST;
  #countedAtMs: number;
  #idle: (() => void) | undefined;

  /** @param now - milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
    this.#countedAtMs = now();
  }

  get size(): number {
    return this.#answers.size;
  }

  get(id: Id): PageAnswer | undefined {
    return this.#answers.get(id);
  }

  add(id: Id, answer: PageAnswer): void {
    this.#answers.set(id, answer);
  }

  /** The answer has had its last word, or nobody waits for it. */
  remove(id: Id): void {
    if (this.#answers.delete(id) && this.#answers.size === 0) this.#rest();
  }

  /** Nobody waits for the answer, but the page may go on with it. */
  forget(id: Id): void {
    this.#forgotten.add(id);
    if (this.#forgotten.size > MAX_FORGOTTEN) {
      for (const oldest of this.#forgotten) {
        this.#forgotten.delete(oldest);
        break;
      }
    }
    this.remove(id);
  }

  /** @param last - whether the page says nothing more of it. */
  wasForgotten(id: Id, last: boolean): boolean {
    return last ? this.#forgotten.delete(id) : this.#forgotten.has(id);
  }

  /**
   * Counts a message that is of no use.
   *
   * @returns false when there have been too many.
   */
  bear(): boolean {
    const nowMs = this.#now();
    const earned = (Math.max(0, nowMs - this.#countedAtMs) / 1000) * PER_SECOND;
    this.#leave = Math.min(BURST, this.#leave + earned) - 1;
    this.#countedAtMs = nowMs;
    return this.#leave >= 0;
  }

  /** Calls back once there are none. */
  whenIdle(listener: () => void): void {
    if (this.#answers.size === 0) listener();
    else this.#idle = listener;
  }

  /** All fail, for the same reason. */
  failAll(why: string): void {
    const answers = [...this.#answers.values()];
    this.#answers.clear();
    for (const answer of answers) answer.fail(pageFault(why));
    this.#rest();
  }

  #rest(): void {
    const idle = this.#idle;
    this.#idle = undefined;
    idle?.();
  }
}
