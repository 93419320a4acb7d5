import { isIban, isLuhn } from './checksums.ts';
import type { DetectorName } from './config.ts';

/** Finds one kind of thing in a text. */
export interface Detector {
  /** Stands in the placeholder. */
  readonly kind: string;
  /** Global. What repeats in it has an upper limit, so that its time grows with the text alone. */
  readonly pattern: RegExp;
  /** How many characters of what was found are one, from its beginning; 0: it is none. */
  measure?(found: string): number;
}

/**
 * Keys as their vendors write them: OpenAI and Anthropic (`sk-`), AWS, GitHub, GitLab, Slack, Google,
 * npm, Hugging Face, Stripe, SendGrid, and signed tokens (JWT).
 */
const API_KEY = new RegExp(
  [
    '\\bsk-(?=[A-Za-z_-]{0,250}\\d)[A-Za-z0-9_-]{20,250}',
    '\\b(?:AKIA|ASIA)[A-Z0-9]{16}\\b',
    '\\bgh[pousr]_[A-Za-z0-9]{36,250}',
    '\\bgithub_pat_[A-Za-z0-9_]{22,250}',
    '\\bglpat-[A-Za-z0-9_-]{20,250}',
    '\\bxox[abeoprs]-[A-Za-z0-9-]{10,250}',
    '\\bAIza[A-Za-z0-9_-]{35}',
    '\\bya29\\.[A-Za-z0-9_-]{20,500}',
    '\\bnpm_[A-Za-z0-9]{36}\\b',
    '\\bhf_[A-Za-z0-9]{30,250}',
    '\\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,250}',
    '\\bSG\\.[A-Za-z0-9_-]{16,64}\\.[A-Za-z0-9_-]{16,128}',
    '\\beyJ[A-Za-z0-9_-]{10,2000}\\.eyJ[A-Za-z0-9_-]{10,4000}\\.[A-Za-z0-9_-]{10,2000}',
  ].join('|'),
  'g',
);

/** To its end; where that is cut off, as far as it looks like one. Line ends may be written as `\n`. */
const PRIVATE_KEY =
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[\s\S]{0,16384}?-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|(?:(?:\\[nr]|\s){0,8}[A-Za-z0-9+/=]{16,128}){0,400})/g;

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
  'private-key': { kind: 'PRIVATE_KEY', pattern: PRIVATE_KEY },
  'api-key': { kind: 'API_KEY', pattern: API_KEY },
  email: { kind: 'EMAIL', pattern: EMAIL },
  iban: { kind: 'IBAN', pattern: IBAN, measure: ibanLength },
  card: { kind: 'CARD', pattern: CARD, measure: cardLength },
  ipv4: { kind: 'IPV4', pattern: IPV4 },
});

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
