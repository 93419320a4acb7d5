import type { ProcessLink } from '../supervisor/child-handle.ts';
import { processorUse, residentBytes } from '../supervisor/process-table.ts';
import type { Surroundings } from './border.ts';
import type { ProcessPeer } from './process-session.ts';

/** How often it is asked, and its memory looked at: what grows fast is caught before it hurts others. */
const LOOK_MS = 250;
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
  readonly #timer: NodeJS.Timeout;
  #lastLookMs = performance.now();
  /** When the ping was sent that has not been answered. */
  #askedMs: number | undefined;
  /** What it had had of the processor then. */
  #usedMs: number | undefined;
  #looking = false;

  constructor(link: ProcessLink, peer: ProcessPeer, surroundings: () => Surroundings) {
    this.#link = link;
    this.#peer = peer;
    this.#surroundings = surroundings;
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** It has answered. */
  heard(): void {
    this.#askedMs = undefined;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const nowMs = performance.now();
    // Whoever was late itself has not read what the process answered meanwhile.
    const late = nowMs - this.#lastLookMs > LOOK_MS * 2;
    this.#lastLookMs = nowMs;
    if (this.#askedMs !== undefined) {
      if (late) this.#askedMs = nowMs;
      else if (nowMs - this.#askedMs >= SILENCE_MS) void this.#judge(this.#askedMs, nowMs);
    } else {
      this.#askedMs = nowMs;
      this.#usedMs = undefined;
      this.#peer.tell('ping', this.#surroundings());
    }
    void this.#weigh();
  }

  async #judge(askedMs: number, nowMs: number): Promise<void> {
    const use = await processorUse(this.#link.pid);
    // It may have answered meanwhile.
    if (this.#askedMs !== askedMs) return;
    const starved = use?.wants === true && use.usedMs - (this.#usedMs ?? 0) < STARVED_MS;
    const silentMs = nowMs - askedMs;
    if (starved && silentMs < LONGEST_SILENCE_MS) return;
    this.stop();
    const seconds = Math.floor(silentMs / 1000);
    this.#link.fail(`has not answered for ${seconds} s: its event loop is blocked`);
  }

  async #weigh(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const { pid } = this.#link;
    const bytes = await residentBytes(pid);
    if (this.#askedMs !== undefined) this.#usedMs ??= (await processorUse(pid))?.usedMs;
    this.#looking = false;
    if (bytes > 0) this.#link.noteMemory(bytes);
  }
}
