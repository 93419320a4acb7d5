import type { Clock } from '../ports/clock.ts';

/** What an attempt waits for: the first byte, the next one, or the rest of an error's text. */
export type AttemptPhase = 'first-byte' | 'idle' | 'error-body';

/** Who is told by an {@link AttemptClock}. Each call is the last but for `onQuiet` and `onCommitDue`. */
export interface AttemptClockOwner {
  /** Nothing came for as long as the phase allows, or the attempt as a whole took too long. */
  onTimeout(what: AttemptPhase | 'total', afterMs: number): void;
  /** It is time to commit, whatever is held. */
  onCommitDue(): void;
  /** Nothing was sent to the client for a while. */
  onQuiet(): void;
}

const NEVER = Number.POSITIVE_INFINITY;
/** Node fires a timer up to this much early, and one that is set for longer than 2^31 at once. */
const EARLY_MS = 1;
const LONGEST_MS = 2_147_483_647;
/** A timer that fires so much too late was slept through: the process, or the machine, stood still. */
const SLEPT_MS = 1_000;

/**
 * All the waiting of one attempt on one timer. A chunk only notes the time; the timer, when it
 * fires, sees what is due by then and sets itself anew for the soonest that is not.
 */
export class AttemptClock {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #owner: AttemptClockOwner;
  #startedMs: number;
  readonly #totalMs: number;
  #phase: AttemptPhase = 'first-byte';
  #phaseMs = NEVER;
  #heardMs: number;
  #commitAtMs = NEVER;
  #quietMs = NEVER;
  #sentMs = 0;
  #paused = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #firesAtMs = NEVER;
  #soonestMs: number;

  /**
   * @param totalMs - longest time for the whole attempt.
   * @param soonestMs - no wait will be shorter. The timer is set for then, so that an answer which
   *   is over by then sets only one; one that fires with nothing due sets itself anew.
   */
  constructor(
    clock: Pick<Clock, 'monotonic'>,
    totalMs: number,
    soonestMs: number,
    owner: AttemptClockOwner,
  ) {
    this.#clock = clock;
    this.#owner = owner;
    this.#totalMs = totalMs;
    this.#soonestMs = soonestMs;
    this.#startedMs = clock.monotonic();
    this.#heardMs = this.#startedMs;
  }

  /** Now waits for something else. @param limitMs - longest wait. */
  enter(phase: AttemptPhase, limitMs: number): void {
    this.#phase = phase;
    this.#phaseMs = limitMs;
    this.#heardMs = this.#clock.monotonic();
    this.#arm();
  }

  /** The upstream sent something. */
  heard(): void {
    this.#heardMs = this.#clock.monotonic();
  }

  /** The client was sent something. */
  sent(): void {
    if (this.#quietMs !== NEVER) this.#sentMs = this.#clock.monotonic();
  }

  /** Calls `onCommitDue` at that time. */
  commitAt(monotonicMs: number): void {
    this.#commitAtMs = monotonicMs;
    this.#arm();
  }

  /** From now on calls `onQuiet` whenever nothing was sent for so long. */
  watchQuiet(quietMs: number): void {
    this.#commitAtMs = NEVER;
    this.#quietMs = quietMs;
    this.#sentMs = this.#clock.monotonic();
    this.#arm();
  }

  /** The client is slow: the upstream's silence is our own doing and is not counted. */
  pause(): void {
    this.#paused = true;
  }

  /** The client reads again. */
  resume(): void {
    this.#paused = false;
    this.#heardMs = this.#clock.monotonic();
    this.#sentMs = this.#heardMs;
    this.#arm();
  }

  /** The attempt is over; nobody is called any more. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #arm(): void {
    if (this.#stopped) return;
    let due = Math.min(this.#startedMs + this.#totalMs, this.#commitAtMs);
    due = Math.min(due, this.#startedMs + this.#soonestMs);
    if (!this.#paused) {
      due = Math.min(due, this.#heardMs + this.#phaseMs, this.#sentMs + this.#quietMs);
    }
    if (this.#firesAtMs <= due) return;
    clearTimeout(this.#timer);
    this.#firesAtMs = due;
    const waitMs = Math.min(Math.max(due - this.#clock.monotonic(), 0), LONGEST_MS);
    this.#timer = setTimeout(this.#fire, Math.ceil(waitMs));
  }

  /** Meanwhile nobody could hear the upstream: what has come since is read only after timers. */
  #leaveOut(sleptMs: number): void {
    this.#startedMs += sleptMs;
    this.#heardMs += sleptMs;
    this.#sentMs += sleptMs;
  }

  readonly #fire = (): void => {
    const now = this.#clock.monotonic() + EARLY_MS;
    const lateMs = now - this.#firesAtMs;
    // And a little longer, so that what has come can be read.
    if (lateMs > SLEPT_MS) this.#leaveOut(lateMs + SLEPT_MS);
    this.#firesAtMs = NEVER;
    this.#soonestMs = NEVER;
    if (now >= this.#startedMs + this.#totalMs) {
      this.#owner.onTimeout('total', this.#totalMs);
      return;
    }
    if (!this.#paused && now >= this.#heardMs + this.#phaseMs) {
      this.#owner.onTimeout(this.#phase, this.#phaseMs);
      return;
    }
    if (now >= this.#commitAtMs) {
      this.#commitAtMs = NEVER;
      this.#owner.onCommitDue();
    }
    if (!this.#paused && now >= this.#sentMs + this.#quietMs) {
      this.#sentMs = now;
      this.#owner.onQuiet();
    }
    this.#arm();
  };
}
