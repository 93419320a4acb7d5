import type { Place } from './place.ts';

/** Keys as their vendors write them: AWS, GitHub, GitLab, Slack, Google, npm, Hugging Face, Stripe, SendGrid. */
const MARKED = new RegExp(
  [
    '(?:AKIA|ASIA)[A-Z0-9]{16}\\b',
    'gh[pousr]_[A-Za-z0-9]{36,250}',
    'github_pat_[A-Za-z0-9_]{22,250}',
    'glpat-[A-Za-z0-9_-]{20,250}',
    'xox[abeoprs]-[A-Za-z0-9-]{10,250}',
    'AIza[A-Za-z0-9_-]{35}',
    'ya29\\.[A-Za-z0-9_-]{20,500}',
    'npm_[A-Za-z0-9]{36}\\b',
    'hf_[A-Za-z0-9]{30,250}',
    '[rs]k_(?:live|test)_[A-Za-z0-9]{16,250}',
    'SG\\.[A-Za-z0-9_-]{16,64}\\.[A-Za-z0-9_-]{16,128}',
  ]
    .map((one) => `\\b${one}`)
    .join('|'),
  'g',
);

/** Finds keys of vendors, and signed tokens. */
export function* findApiKeys(text: string): Iterable<Place> {
  for (const { 0: found, index } of text.matchAll(MARKED)) {
    yield { start: index, end: index + found.length };
  }
  yield* findDashedKeys(text);
  yield* findSignedTokens(text);
}

const PREFIX = 'sk-';
const MIN_KEY_CHARS = 20;
const MAX_KEY_CHARS = 250;
const NO_RUN_CHARACTER = /[^A-Za-z0-9_-]/g;
const DIGIT = /\d/g;
const WORD = /\w/;

/**
 * Keys of OpenAI, Anthropic and those that write them like that: `sk-`, and a digit in what follows.
 * A key may hold its own prefix again; where a run of characters ends, and where the next digit is, is
 * therefore looked up once and not for each prefix.
 */
function* findDashedKeys(text: string): Iterable<Place> {
  let runEnd = 0;
  let digit = -1;
  for (let at = text.indexOf(PREFIX); at >= 0;) {
    const body = at + PREFIX.length;
    let from = body;
    if (at === 0 || !WORD.test(text[at - 1] ?? '')) {
      if (body > runEnd) runEnd = runEndOf(text, body);
      if (digit < body) digit = digitFrom(text, body);
      const isKey = digit < runEnd && digit - body <= MAX_KEY_CHARS;
      if (isKey && runEnd - body >= MIN_KEY_CHARS) {
        from = Math.min(runEnd, body + MAX_KEY_CHARS);
        yield { start: at, end: from };
      }
    }
    at = text.indexOf(PREFIX, from);
  }
}

/** The first place of a digit; beyond everything where there is none. */
function digitFrom(text: string, from: number): number {
  DIGIT.lastIndex = from;
  return DIGIT.exec(text)?.index ?? Number.POSITIVE_INFINITY;
}

/** The claims of a signed token (JWT) begin so, after its head. */
const CLAIMS = '.eyJ';
const MIN_TOKEN_CHARS = 10;
const HEAD = /\beyJ[A-Za-z0-9_-]{10}/;
const RUN_CHARACTER = /[A-Za-z0-9_-]/;

/** Signed tokens, from the middle: there is one head before each dot, and no second look at it. */
function* findSignedTokens(text: string): Iterable<Place> {
  for (let at = text.indexOf(CLAIMS); at >= 0;) {
    const body = at + CLAIMS.length;
    const dot = runEndOf(text, body);
    const end = text[dot] === '.' ? runEndOf(text, dot + 1) : dot;
    if (dot - body >= MIN_TOKEN_CHARS && end - dot > MIN_TOKEN_CHARS) {
      const start = headBefore(text, at);
      if (start !== undefined) yield { start, end };
    }
    at = text.indexOf(CLAIMS, dot);
  }
}

function headBefore(text: string, dot: number): number | undefined {
  let start = dot;
  while (start > 0 && RUN_CHARACTER.test(text[start - 1] ?? '')) start -= 1;
  const head = HEAD.exec(text.slice(start, dot));
  return head === null ? undefined : start + head.index;
}

/** Where a run of characters ends. Looks for another one: a pattern of the run has a longest match. */
function runEndOf(text: string, from: number): number {
  NO_RUN_CHARACTER.lastIndex = from;
  return NO_RUN_CHARACTER.exec(text)?.index ?? text.length;
}
