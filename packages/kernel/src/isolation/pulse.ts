import type { ProcessLink } from '../supervisor/child-handle.ts';
import { processorUse, residentBytes } from '../supervisor/process-table.ts';
import type { Surroundings } from './border.ts';
import type { ProcessPeer } from './process-peer.ts';

/** How often it is asked whether it answers. */
const LOOK_MS = 250;
/** How often its memory is looked at: what grows by gigabytes a second is ended before it hurts others. */
const WEIGH_MS = 50;
/** A process that has not answered for so long is ended: its event loop is blocked. */
const SILENCE_MS = 2_000;

/**
 * One that has had so little of the processor since it was asked, and wants more, is not blocked but
 * waits for a busy machine: it is given longer.
 */
const STARVED_MS = 200;
const LONGEST_SILENCE_MS = 10_000;

/** Looks after a process that serves: whether it answers, and what it takes. */
export class Pulse {
  readonly #link: ProcessLink;
  readonly #peer: ProcessPeer;
  readonly #surroundings: () => Surroundings;
  readonly #timers: readonly NodeJS.Timeout[];
  #lastLookMs = performance.now();
  /** When the ping was sent that has not been answered. */
  #askedMs: number | undefined;
  /** What it had had of the processor then. */
  #usedMs = 0;

  constructor(link: ProcessLink, peer: ProcessPeer, surroundings: () => Surroundings) {
    this.#link = link;
    this.#peer = peer;
    this.#surroundings = surroundings;
    this.#timers = [
      setInterval(() => this.#look(), LOOK_MS).unref(),
      setInterval(() => this.#weigh(), WEIGH_MS).unref(),
    ];
  }

  /** It has answered. */
  heard(): void {
    this.#askedMs = undefined;
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #look(): void {
    const nowMs = performance.now();
    // Whoever was late itself has not read what the process answered meanwhile.
    const lateMs = Math.max(0, nowMs - this.#lastLookMs - LOOK_MS);
    this.#lastLookMs = nowMs;
    if (this.#askedMs !== undefined) {
      this.#askedMs += lateMs;
      if (nowMs - this.#askedMs >= SILENCE_MS) this.#judge(nowMs - this.#askedMs);
    } else {
      this.#askedMs = nowMs;
      this.#usedMs = processorUse(this.#link.pid)?.usedMs ?? 0;
      this.#peer.tell('ping', this.#surroundings());
    }
  }

  #judge(silentMs: number): void {
    const use = processorUse(this.#link.pid);
    const starved = use?.wants === true && use.usedMs - this.#usedMs < STARVED_MS;
    if (starved && silentMs < LONGEST_SILENCE_MS) return;
    this.stop();
    const seconds = Math.floor(silentMs / 1000);
    this.#link.fail(`has not answered for ${seconds} s: its event loop is blocked`);
  }

  #weigh(): void {
    const bytes = residentBytes(this.#link.pid);
    if (bytes > 0) this.#link.noteMemory(bytes);
  }
}
