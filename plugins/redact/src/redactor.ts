import type { Json } from '@cliproxy/plugin-api';
import type { Detector } from './detectors.ts';
import type { Place } from './place.ts';
import type { PlaceholderBook } from './placeholder-book.ts';

interface Span {
  readonly start: number;
  readonly end: number;
  readonly kind: string;
  /** Of the detector; lower ones win. */
  readonly rank: number;
}

/** Puts placeholders into the texts of one request. */
export class Redactor {
  readonly #detectors: readonly Detector[];
  readonly #book: PlaceholderBook;

  constructor(detectors: readonly Detector[], book: PlaceholderBook) {
    this.#detectors = detectors;
    this.#book = book;
  }

  /** The text with placeholders in it; the same one where there is nothing to replace. */
  text(text: string): string {
    const spans = this.#spansIn(text);
    if (spans.length === 0) return text;
    let redacted = '';
    let at = 0;
    for (const { start, end, kind } of spans) {
      const placeholder = this.#book.placeholderFor(kind, text.slice(start, end));
      redacted += text.slice(at, start) + placeholder;
      at = end;
    }
    return redacted + text.slice(at);
  }

  /**
   * A value of JSON with placeholders in its texts, names, and in the place of numbers that are
   * something; the same one where there is nothing to replace.
   */
  json(value: Json): Json {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number') {
      const written = String(value);
      const redacted = this.text(written);
      return redacted === written ? value : redacted;
    }
    if (typeof value !== 'object' || value === null) return value;
    if (isList(value))
      return sameOr(
        value,
        value.map((one) => this.json(one)),
      );
    const entries = Object.entries(value);
    const redacted = entries.map(([name, one]) => [this.text(name), this.json(one)] as const);
    const isSame = redacted.every(
      ([name, one], at) => name === entries[at]?.[0] && one === entries[at][1],
    );
    return isSame ? value : Object.fromEntries(redacted);
  }

  /**
   * JSON as text: it stays JSON, and what is not replaced stays as it is written. What is none is taken
   * as text.
   */
  jsonText(text: string): string {
    if (!isJson(text)) return this.text(text);
    let written = '';
    let at = 0;
    for (const { start, end } of tokensOf(text)) {
      const token = text.slice(start, end);
      const value = token.startsWith('"') ? (JSON.parse(token) as string) : token;
      const redacted = this.text(value);
      if (redacted === value) continue;
      written += text.slice(at, start) + JSON.stringify(redacted);
      at = end;
    }
    return written + text.slice(at);
  }

  /** What is found, from left to right; what overlaps is one. */
  #spansIn(text: string): readonly Span[] {
    const found: Span[] = [];
    this.#detectors.forEach((detector, rank) => {
      const { kind } = detector;
      for (const { start, end } of detector.find(text)) found.push({ start, end, kind, rank });
    });
    if (found.length < 2) return found;
    found.sort((a, b) => a.start - b.start || a.rank - b.rank);
    const spans: Span[] = [];
    for (const span of found) {
      const last = spans.at(-1);
      if (last === undefined || span.start >= last.end) spans.push(span);
      else spans[spans.length - 1] = union(last, span);
    }
    return spans;
  }
}

/** A number, or where a text begins. */
const TOKEN = /"|-?\d[\d.eE+-]*/g;

/** The texts and numbers of JSON that is valid. Texts may be longer than one pattern can match. */
function* tokensOf(json: string): Iterable<Place> {
  TOKEN.lastIndex = 0;
  for (let found = TOKEN.exec(json); found !== null; found = TOKEN.exec(json)) {
    const { 0: token, index: start } = found;
    const end = token === '"' ? textEnd(json, start) : start + token.length;
    yield { start, end };
    TOKEN.lastIndex = end;
  }
}

/** The place after the quote that is not escaped. */
function textEnd(json: string, start: number): number {
  for (let at = json.indexOf('"', start + 1); at >= 0; at = json.indexOf('"', at + 1)) {
    let slashes = 0;
    while (json[at - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return at + 1;
  }
  return json.length;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function union(one: Span, other: Span): Span {
  const { kind, rank } = one.rank <= other.rank ? one : other;
  return { start: one.start, end: Math.max(one.end, other.end), kind, rank };
}

function sameOr(before: readonly Json[], after: readonly Json[]): readonly Json[] {
  return after.every((one, at) => one === before[at]) ? before : after;
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}
