import type { EventReader } from './event-reader.ts';
import { MAX_FRAME_BYTES, eventTooLarge } from './frame-splitter.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;

/**
 * Reads a stream that comes as one JSON array: each object in it is an event. Cut by braces outside
 * of strings, never by commas; chunks may be cut anywhere. What is no object is skipped.
 *
 * @returns a reader that throws GatewayError `UPSTREAM_TOO_LARGE` for an element over the limit.
 */
export function arrayReader(maxElementBytes: number = MAX_FRAME_BYTES): EventReader {
  let depth = 0;
  let inString = false;
  let escaped = false;
  /** Pieces of the element under way, from earlier chunks. */
  let held: Buffer[] = [];
  let heldBytes = 0;
  const hold = (piece: Buffer): void => {
    heldBytes += piece.length;
    if (heldBytes > maxElementBytes) throw eventTooLarge(maxElementBytes);
    held.push(piece);
  };
  return {
    push(chunk) {
      const events: { readonly data: string }[] = [];
      let begin = 0;
      for (let at = 0; at < chunk.length; at += 1) {
        const byte = chunk[at];
        if (escaped) escaped = false;
        else if (inString) {
          if (byte === BACKSLASH) escaped = true;
          else if (byte === QUOTE) inString = false;
        } else if (byte === QUOTE) inString = true;
        else if (byte === BRACE_OPEN) {
          if (depth === 0) begin = at;
          depth += 1;
        } else if (byte === BRACE_CLOSE && depth > 0) {
          depth -= 1;
          if (depth > 0) continue;
          hold(chunk.subarray(begin, at + 1));
          events.push({ data: Buffer.concat(held).toString('utf8') });
          held = [];
          heldBytes = 0;
        }
      }
      if (depth > 0) hold(Buffer.from(chunk.subarray(begin)));
      return events;
    },
    /** Half an element says no more than its absence: the answer is not complete. */
    end: () => [],
  };
}
