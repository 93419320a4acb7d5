const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;

/** Bytes looked at one by one before a native search is worth its call. */
const SHORT_STRING_BYTES = 48;
/** The same, once quotes have proved to be frequent. */
const DENSE_STRING_BYTES = 2048;

/** Deepest nesting that a body may have; no vendor's format comes near it. */
export const MAX_DEPTH = 512;

/** Why a value could not be skipped. */
type SkipFailure = 'unterminated-string' | 'unterminated' | 'mismatch' | 'too-deep';

/** Where a skipped value ends, or why it does not. */
export type Skipped = number | SkipFailure;

/**
 * Finds the end of a string.
 *
 * Long strings are crossed by native searches for the closing quote; where quotes are frequent
 * (escaped ones in text), a loop over bytes is faster than many calls.
 *
 * @param from - offset after the opening quote.
 * @returns offset after the closing quote, or -1.
 */
export function skipString(bytes: Buffer, from: number): number {
  let at = from;
  let budget = SHORT_STRING_BYTES;
  for (;;) {
    const stop = Math.min(at + budget, bytes.length);
    while (at < stop) {
      const byte = bytes[at];
      if (byte === QUOTE) return at + 1;
      at += byte === BACKSLASH ? 2 : 1;
    }
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0) return -1;
    if (!isEscaped(bytes, quote, at)) return quote + 1;
    budget = quote - at < DENSE_STRING_BYTES ? DENSE_STRING_BYTES : SHORT_STRING_BYTES;
    at = quote + 1;
  }
}

/**
 * Finds the end of an object or array by its strings and brackets; what stands between them is not
 * looked at.
 *
 * @param from - offset of the opening bracket.
 */
export function skipContainer(bytes: Buffer, from: number): Skipped {
  const closers: number[] = [];
  let at = from;
  const length = bytes.length;
  while (at < length) {
    const byte = bytes[at];
    at += 1;
    if (byte === QUOTE) {
      at = skipString(bytes, at);
      if (at < 0) return 'unterminated-string';
    } else if (byte === BRACE_OPEN || byte === BRACKET_OPEN) {
      if (closers.length === MAX_DEPTH - 1) return 'too-deep';
      closers.push(byte === BRACE_OPEN ? BRACE_CLOSE : BRACKET_CLOSE);
    } else if (byte === BRACE_CLOSE || byte === BRACKET_CLOSE) {
      if (closers.pop() !== byte) return 'mismatch';
      if (closers.length === 0) return at;
    }
  }
  return 'unterminated';
}

/** Whether an odd number of backslashes stands before an offset; `from` is not within an escape. */
function isEscaped(bytes: Buffer, offset: number, from: number): boolean {
  let at = offset;
  while (at > from && bytes[at - 1] === BACKSLASH) at -= 1;
  return (offset - at) % 2 === 1;
}
