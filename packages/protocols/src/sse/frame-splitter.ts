import { GatewayError } from '@cliproxy/plugin-api';

const LF = 0x0a;
const CR = 0x0d;

/** Largest frame that is taken; longer ones are an attack or a fault. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;

/**
 * Cuts a stream of server-sent events into frames: an event's lines with the blank line that ends
 * them. Joined, the frames are the stream, byte for byte. Lines may end in LF, CRLF or CR; chunks
 * may be cut anywhere. A frame within one chunk is a view of it; others are copied once.
 */
export class FrameSplitter {
  readonly #maxFrameBytes: number;
  #held: Buffer | undefined;
  #heldBytes = 0;
  /** The next byte begins a line. */
  #lineStart = true;
  /** The last line ended in a CR that may be the first half of a CRLF. */
  #afterCr = false;
  /** That line was blank, so the frame ends as soon as the next byte is known. */
  #blankOpen = false;
  /** A line ended in a CR alone: the stream does not use CRLF. */
  #bareCr = false;

  constructor(maxFrameBytes: number = MAX_FRAME_BYTES) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /**
   * Takes a chunk and gives the frames that it completes.
   *
   * @throws GatewayError `UPSTREAM_TOO_LARGE` for a frame over the limit.
   */
  push(chunk: Buffer): readonly Buffer[] {
    const frames: Buffer[] = [];
    if (chunk.length === 0) return frames;
    let begin = 0;
    let at = 0;
    if (this.#afterCr) {
      if (chunk[0] === LF) at = 1;
      else this.#bareCr = true;
      if (this.#blankOpen || (at === 1 && this.#heldBytes === 0)) {
        this.#emit(chunk, begin, at, frames);
        begin = at;
      }
      this.#afterCr = false;
      this.#blankOpen = false;
    }
    // Each kind of line end is searched for only once past the last one found: linear, and one
    // search per chunk for the kind that the stream does not use.
    let lf = nextOf(chunk, LF, at);
    let cr = nextOf(chunk, CR, at);
    while (at < chunk.length) {
      if (lf < at) lf = nextOf(chunk, LF, at);
      if (cr < at) cr = nextOf(chunk, CR, at);
      const lineEnd = Math.min(lf, cr);
      if (lineEnd === chunk.length) {
        this.#lineStart = false;
        break;
      }
      const blank = this.#lineStart && lineEnd === at;
      at = lineEnd + 1;
      this.#lineStart = true;
      if (lineEnd === cr) {
        if (at === chunk.length) {
          this.#afterCr = true;
          this.#blankOpen = blank && !this.#bareCr;
          if (this.#blankOpen) break;
        } else if (chunk[at] === LF) at += 1;
        else this.#bareCr = true;
      }
      if (blank) {
        this.#emit(chunk, begin, at, frames);
        begin = at;
      }
    }
    this.#hold(chunk, begin, chunk.length);
    return frames;
  }

  /** What is left at the end of the stream: a frame without its blank line. */
  end(): Buffer | undefined {
    const rest = this.#take();
    this.#lineStart = true;
    this.#afterCr = false;
    this.#blankOpen = false;
    return rest;
  }

  #emit(chunk: Buffer, begin: number, end: number, frames: Buffer[]): void {
    if (this.#heldBytes === 0) {
      if (end - begin > this.#maxFrameBytes) throw this.#tooLarge();
      if (end > begin) frames.push(chunk.subarray(begin, end));
      return;
    }
    this.#hold(chunk, begin, end);
    const frame = this.#take();
    if (frame !== undefined) frames.push(frame);
  }

  /** Copies, so that a small rest does not keep a large chunk alive; room doubles, so it is linear. */
  #hold(chunk: Buffer, begin: number, end: number): void {
    if (begin === end) return;
    const needed = this.#heldBytes + end - begin;
    if (needed > this.#maxFrameBytes) throw this.#tooLarge();
    if (this.#held === undefined || this.#held.length < needed) {
      const larger = Buffer.allocUnsafe(Math.max(512, needed * 2));
      this.#held?.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    chunk.copy(this.#held, this.#heldBytes, begin, end);
    this.#heldBytes = needed;
  }

  #take(): Buffer | undefined {
    const frame = this.#held?.subarray(0, this.#heldBytes);
    this.#held = undefined;
    this.#heldBytes = 0;
    return frame;
  }

  #tooLarge(): GatewayError {
    return eventTooLarge(this.#maxFrameBytes);
  }
}

/** The error of an event over the limit. */
export function eventTooLarge(maxBytes: number): GatewayError {
  return new GatewayError(
    'UPSTREAM_TOO_LARGE',
    `The upstream sent an event larger than ${maxBytes} bytes.`,
    { failure: { kind: 'upstream', scope: 'instance' } },
  );
}

/** Offset of a byte, or the chunk's length where there is none. */
function nextOf(chunk: Buffer, byte: number, from: number): number {
  const found = chunk.indexOf(byte, from);
  return found < 0 ? chunk.length : found;
}
