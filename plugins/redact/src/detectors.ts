import { findApiKeys } from './api-key.ts';
import { isIban, isLuhn } from './checksums.ts';
import type { DetectorName } from './config.ts';
import type { Place } from './place.ts';
import { findPrivateKeys } from './private-key.ts';

/** Finds one kind of thing in a text. */
export interface Detector {
  /** Stands in the placeholder. */
  readonly kind: string;
  /** Where it is. The time of those that come with the plugin grows with the text's length alone. */
  find(text: string): Iterable<Place>;
}

const EMAIL =
  /(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9-])/g;

const IBAN =
  /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])/g;

/** Digits in a row, or in the groups that are printed on cards; the first ones are those of card networks. */
const CARD =
  /(?<!\d|\d\.)(?=[3-6]|2[2-7])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{4}|\d{4}([ -])\d{6}\2\d{5})(?!\d)/g;

const IPV4 =
  /(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?!\.?\d)/g;

/** The detectors that come with the plugin. What several find belongs to the first. */
export const DETECTORS: Readonly<Record<DetectorName, Detector>> = Object.freeze({
  'private-key': { kind: 'PRIVATE_KEY', find: findPrivateKeys },
  'api-key': { kind: 'API_KEY', find: findApiKeys },
  email: { kind: 'EMAIL', find: byPattern(EMAIL) },
  iban: { kind: 'IBAN', find: byPattern(IBAN, ibanLength) },
  card: { kind: 'CARD', find: byPattern(CARD, cardLength) },
  ipv4: { kind: 'IPV4', find: byPattern(IPV4) },
});

/**
 * Finds what a pattern matches.
 *
 * @param pattern - global.
 * @param measure - how many characters of what was found are one, from its beginning; 0: it is none.
 */
export function byPattern(
  pattern: RegExp,
  measure: (found: string) => number = (found) => found.length,
): Detector['find'] {
  return function* find(text) {
    for (const { 0: found, index } of text.matchAll(pattern)) {
      const length = measure(found);
      if (length > 0) yield { start: index, end: index + length };
    }
  };
}

function cardLength(found: string): number {
  return isLuhn(found.replaceAll(/[ -]/g, '')) ? found.length : 0;
}

/** What follows may look like one more group. */
function ibanLength(found: string): number {
  for (let end = found.length; end > 0; end = found.lastIndexOf(' ', end - 1)) {
    if (isIban(found.slice(0, end).replaceAll(' ', ''))) return end;
  }
  return 0;
}
