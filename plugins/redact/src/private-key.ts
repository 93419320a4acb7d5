import type { Place } from './place.ts';

const BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
/** What looks like a key whose end is cut off. Line ends may be written as `\n`. */
const REST = /(?:(?:\\[nr]|\s){0,8}[A-Za-z0-9+/=]{16,128}){0,400}/y;

/** An end that is further away than this belongs to something else. */
const MAX_BODY_CHARS = 16_384;

/**
 * Finds PEM blocks of private keys: to their end; where that is cut off, as far as it looks like one.
 * Ends are looked for once, from left to right, however many beginnings there are.
 */
export function* findPrivateKeys(text: string): Iterable<Place> {
  let end: Place | undefined = { start: 0, end: 0 };
  for (let begin: Place | undefined = next(BEGIN, text, 0); begin !== undefined;) {
    if (end !== undefined && end.start < begin.end) end = next(END, text, begin.end);
    const isNear = (end?.start ?? Number.POSITIVE_INFINITY) - begin.end <= MAX_BODY_CHARS;
    const own: Place | undefined = isNear ? end : undefined;
    const to = own?.end ?? restEnd(text, begin.end);
    yield { start: begin.start, end: to };
    begin = next(BEGIN, text, to);
  }
}

function next(pattern: RegExp, text: string, from: number): Place | undefined {
  pattern.lastIndex = from;
  const found = pattern.exec(text);
  return found === null ? undefined : { start: found.index, end: found.index + found[0].length };
}

function restEnd(text: string, from: number): number {
  REST.lastIndex = from;
  return from + (REST.exec(text)?.[0].length ?? 0);
}
