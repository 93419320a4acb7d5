import { createHash } from 'node:crypto';

/** Longest tool name that every version of the API takes. */
const MAX_NAME_CHARS = 64;

/** Gives tools names that the API takes, and remembers what they were. */
export interface ToolNamer {
  /** The same name for the same tool, a different one for every other. */
  legal(name: string): string;
  /** Names that had to be changed: sent → the client's. */
  readonly changed: ReadonlyMap<string, string>;
}

const LEGAL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;
const ILLEGAL = /[^a-zA-Z0-9_-]+/g;

/**
 * Makes a namer for one request. A legal name stays; any other is cut, cleaned and ends in a hash
 * of the original, so that it does not depend on the other tools and stays the same in every turn.
 *
 * @param legal - names that stay; letters, digits and `_` must be among them.
 * @param illegal - what gives way to `_` in names that don't.
 */
export function toolNamer(legal: RegExp = LEGAL_NAME, illegal: RegExp = ILLEGAL): ToolNamer {
  const changed = new Map<string, string>();
  return {
    changed,
    legal(name) {
      if (legal.test(name)) return name;
      const hashed = withHash(name, MAX_NAME_CHARS, illegal);
      // Not every vendor takes a digit or `-` at the beginning.
      const sent = legal.test(hashed) ? hashed : `_${hashed.slice(1)}`;
      changed.set(sent, name);
      return sent;
    },
  };
}

/**
 * A tool call's id that the API, and a client of the dialect, takes: letters, digits, `_` and `-`.
 * A legal id stays; any other gets a hash of itself, so that different ids stay different and the
 * call and its result, turns later, still meet.
 */
export function legalToolId(id: string): string {
  return /^[a-zA-Z0-9_-]+$/.test(id) ? id : withHash(id, 64);
}

/** The same for OpenAI's APIs, which take at most 64 characters. */
export function shortToolId(id: string): string {
  return /^[a-zA-Z0-9_-]{1,64}$/.test(id) ? id : withHash(id, 64);
}

function withHash(text: string, maxChars: number, illegal = ILLEGAL): string {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
  const clean = text.replace(illegal, '_').slice(0, maxChars - hash.length - 1);
  return `${clean}_${hash}`;
}
