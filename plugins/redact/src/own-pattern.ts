import { GatewayError } from '@cliproxy/plugin-api';
import type { OwnPattern } from './config.ts';
import { byPattern } from './detectors.ts';
import type { Detector } from './detectors.ts';

/**
 * Makes a detector of what an operator wrote.
 *
 * @throws GatewayError `PLUGIN_BAD_CONFIG`
 */
export function ownDetector({ name, match, ignoreCase }: OwnPattern): Detector {
  const problem = repetitionProblem(match);
  if (problem !== undefined) throw bad(name, problem);
  let pattern: RegExp;
  try {
    pattern = new RegExp(match, ignoreCase === true ? 'gi' : 'g');
  } catch (cause) {
    throw bad(name, cause instanceof SyntaxError ? cause.message : 'it is no regular expression');
  }
  if (new RegExp(pattern.source, pattern.flags.replace('g', '')).test('')) {
    throw bad(name, 'it matches a text without a character; let it match something');
  }
  return { kind: name, find: byPattern(pattern) };
}

interface Group {
  /** How often is open: another number of times, another way to match the same. */
  repeats: boolean;
  alternates: boolean;
}

/**
 * Whether a pattern may take more time than anybody has: a repeated group that holds a repetition or
 * a choice can be matched in very many ways, all of which are tried.
 */
export function repetitionProblem(source: string): string | undefined {
  const groups: Group[] = [{ repeats: false, alternates: false }];
  let at = 0;
  while (at < source.length) {
    const character = source[at];
    let closed: Group | undefined;
    if (character === '\\') at += 2;
    else if (character === '[') at = classEnd(source, at);
    else {
      at += 1;
      if (character === '(') {
        groups.push({ repeats: false, alternates: false });
        continue;
      }
      const top = groups.at(-1);
      if (character === '|' && top !== undefined) top.alternates = true;
      if (character === ')' && groups.length > 1) closed = groups.pop();
    }
    const [repetition] = REPETITION.exec(source.slice(at, at + MAX_REPETITION_CHARS)) ?? [];
    if (repetition !== undefined && closed !== undefined && (closed.repeats || closed.alternates)) {
      return 'it repeats a group that holds a repetition or a choice; such a pattern can take forever';
    }
    const top = groups.at(-1);
    if (top === undefined) continue;
    if (closed?.alternates === true) top.alternates = true;
    const isOpen = repetition !== undefined && !COUNTED.test(repetition);
    if (isOpen || closed?.repeats === true) top.repeats = true;
  }
  return undefined;
}

/** More than once. */
const REPETITION = /^(?:[*+]|\{(?!0*[01]\})\d+(?:,\d*)?\})/;
const COUNTED = /^\{\d+\}$/;
const MAX_REPETITION_CHARS = 40;

/** The place after a class of characters that begins here. */
function classEnd(source: string, start: number): number {
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === ']') return at + 1;
  }
  return source.length;
}

function bad(name: string, what: string): GatewayError {
  return new GatewayError('PLUGIN_BAD_CONFIG', `the pattern ${name} can't be used: ${what}`);
}
