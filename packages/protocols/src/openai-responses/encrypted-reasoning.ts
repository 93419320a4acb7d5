import type { Dialect, Opaque } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { tagOpaque, untagOpaque } from '../model/opaque-tag.ts';

/** The dialect, as the origin of encrypted reasoning that nobody tagged. */
export const NATIVE: Dialect = 'openai-responses';

/**
 * Encrypted reasoning is bound to its item's id: sent back under another, it is refused; without
 * any, it is taken. So the two travel as one value, `rs_…:gAAAA…`; with the lengths of the
 * summary's parts, where there are several, so that the item comes back just as it was.
 *
 * @see https://github.com/BerriAI/litellm/pull/15782
 */
const WITH_ID = /^(rs_[\w-]+)(?:\/([\d,]+))?:(.*)$/s;

/** What stands between the parts of a summary. */
export const SUMMARY_BREAK = '\n\n';

/** The opaque part of a `reasoning` item; undefined where it has none. */
export function readEncrypted(item: JsonObject, origin: string): Opaque | undefined {
  const { encrypted_content: value, id } = item;
  if (typeof value !== 'string' || value === '') return undefined;
  const opaque = untagOpaque(value, origin);
  // A tagged value came from here, under an id of ours: it holds its own.
  if (opaque.value !== value || typeof id !== 'string') return opaque;
  const parts = summaryTexts(item);
  const lengths = parts.length > 1 ? `/${parts.map(({ length }) => length).join(',')}` : '';
  return WITH_ID.test(`${id}:`) ? { origin, value: `${id}${lengths}:${value}` } : opaque;
}

/** The texts of a `reasoning` item's summary. */
export function summaryTexts({ summary }: JsonObject): readonly string[] {
  if (!Array.isArray(summary)) return [];
  return summary
    .filter(isJsonObject)
    .flatMap(({ text }) => (typeof text === 'string' && text !== '' ? [text] : []));
}

/** The members of a `reasoning` item that are told together. */
export interface Encrypted {
  /** Where it must have this one. */
  readonly id?: string;
  readonly summary: readonly JsonObject[];
  readonly encrypted_content: string;
}

/** What a maker gets back, exactly as it made it. */
export function nativeEncrypted(text: string, { value }: Opaque): Encrypted {
  const [, id, lengths, content] = WITH_ID.exec(value) ?? [];
  if (id === undefined || content === undefined) {
    return { summary: writeSummary(text, undefined), encrypted_content: value };
  }
  return { id, summary: writeSummary(text, lengths), encrypted_content: content };
}

/**
 * What a client gets. One that is native keeps its id; without an id it is tagged, so that the id
 * which it gets here is not sent back with it.
 *
 * @param native - see `tagOpaque`.
 * @param told - the item's id and summary were told before the opaque part was known.
 */
export function clientEncrypted(
  text: string,
  opaque: Opaque,
  native: Dialect | undefined,
  told: string | undefined,
): Encrypted {
  if (native !== undefined) {
    const given = nativeEncrypted(text, opaque);
    const isOne = given.summary.length <= 1;
    if (given.id !== undefined && (told === undefined || (given.id === told && isOne)))
      return given;
  }
  const encrypted_content = tagOpaque(opaque, undefined);
  return { summary: writeSummary(text, undefined), encrypted_content };
}

/** @param lengths - of the parts, where there are several; not those of another text. */
export function writeSummary(text: string, lengths: string | undefined): readonly JsonObject[] {
  if (text === '') return [];
  const parts: string[] = [];
  let at = 0;
  for (const length of lengths?.split(',') ?? []) {
    parts.push(text.slice(at, at + Number(length)));
    at += Number(length) + SUMMARY_BREAK.length;
  }
  const isSame = parts.join(SUMMARY_BREAK) === text;
  return (isSame ? parts : [text]).map((part) => ({ type: 'summary_text', text: part }));
}
