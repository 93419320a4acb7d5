import type { Citation } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';

/**
 * Reads the `url_citation`s among annotations, of either of OpenAI's dialects: Responses has their
 * members at the annotation, Chat one level below. Others, of files and containers, only the vendor
 * can look up.
 */
export function readCitations(annotations: unknown): readonly Citation[] {
  if (!Array.isArray(annotations)) return [];
  return annotations.filter(isJsonObject).flatMap((annotation): Citation[] => {
    if (annotation.type !== 'url_citation') return [];
    const cited = isJsonObject(annotation.url_citation) ? annotation.url_citation : annotation;
    const { url, title, start_index: start, end_index: end } = cited;
    if (typeof url !== 'string' || typeof start !== 'number' || typeof end !== 'number') return [];
    return [{ url, start, end, ...(typeof title === 'string' ? { title } : {}) }];
  });
}

/** The members of a citation, at the annotation in Responses and below it in Chat. */
export function citationMembers({ url, title = '', start, end }: Citation): JsonObject {
  return { start_index: start, end_index: end, title, url };
}

/**
 * Citations as Chat's annotations.
 *
 * @param offset - characters that stand before their text in `content`.
 */
export function chatAnnotations(citations: readonly Citation[], offset: number): JsonObject[] {
  return citations.map((citation) => {
    const { start, end } = citation;
    const placed = { ...citation, start: start + offset, end: end + offset };
    return { type: 'url_citation', url_citation: citationMembers(placed) };
  });
}
