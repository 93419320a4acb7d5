import type { ProcessLink } from '../supervisor/child-handle.ts';
import { residentBytes } from '../supervisor/process-table.ts';
import type { Surroundings } from './border.ts';
import type { ProcessPeer } from './process-session.ts';

/** How often it is asked, and its memory looked at: what grows fast is caught before it hurts others. */
const LOOK_MS = 250;
/** A process that has not answered for so long is ended: its event loop is blocked. */
const SILENCE_MS = 2_000;

/** Looks after a process that serves: whether it answers, and what it takes. */
export class Pulse {
  readonly #link: ProcessLink;
  readonly #peer: ProcessPeer;
  readonly #surroundings: () => Surroundings;
  readonly #timer: NodeJS.Timeout;
  #lastLookMs = performance.now();
  /** When the ping was sent that has not been answered. */
  #askedMs: number | undefined;
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
      else if (nowMs - this.#askedMs >= SILENCE_MS) {
        this.stop();
        this.#link.fail(`has not answered for ${SILENCE_MS} ms: its event loop is blocked`);
        return;
      }
    } else {
      this.#askedMs = nowMs;
      this.#peer.tell('ping', this.#surroundings());
    }
    void this.#weigh();
  }

  async #weigh(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const bytes = await residentBytes(this.#link.pid);
    this.#looking = false;
    if (bytes > 0) this.#link.noteMemory(bytes);
  }
}
