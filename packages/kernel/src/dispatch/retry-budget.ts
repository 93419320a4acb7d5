import type { Clock } from '../ports/clock.ts';
import type { FailoverSettings } from '../ports/settings.ts';

const SLOT_MS = 1_000;
/** One more than the ten seconds need: the oldest slot is only partly within them. */
const SLOTS = 11;

/**
 * Keeps failover from multiplying an outage: within any 10 seconds no more retries than
 * `max(retryFloor, retryRatio × client requests)`. Counts in slots of a second, so its size is
 * fixed and every step is cheap.
 */
export class RetryBudget {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #requests = new Uint32Array(SLOTS);
  readonly #retries = new Uint32Array(SLOTS);
  #requestSum = 0;
  #retrySum = 0;
  #now = 0;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Counts one client request. */
  noteRequest(): void {
    const slot = this.#advance();
    this.#requests[slot] = (this.#requests[slot] ?? 0) + 1;
    this.#requestSum += 1;
  }

  /** Whether one more retry is within the budget; changes nothing. */
  allows(limits: Pick<FailoverSettings, 'retryFloor' | 'retryRatio'>): boolean {
    this.#advance();
    const limit = Math.max(limits.retryFloor, limits.retryRatio * this.#requestSum);
    return this.#retrySum + 1 <= limit;
  }

  /** Counts one retry. */
  noteRetry(): void {
    const slot = this.#advance();
    this.#retries[slot] = (this.#retries[slot] ?? 0) + 1;
    this.#retrySum += 1;
  }

  /** Forgets the slots that have passed; returns the index of the present one. */
  #advance(): number {
    const now = Math.floor(this.#clock.monotonic() / SLOT_MS);
    const passed = Math.min(now - this.#now, SLOTS);
    for (let step = 0; step < passed; step++) {
      const slot = (now - step) % SLOTS;
      this.#requestSum -= this.#requests[slot] ?? 0;
      this.#retrySum -= this.#retries[slot] ?? 0;
      this.#requests[slot] = 0;
      this.#retries[slot] = 0;
    }
    if (passed > 0) this.#now = now;
    return this.#now % SLOTS;
  }
}
