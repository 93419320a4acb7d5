import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';

const MARK = Buffer.from('"item_reference"');

/** Whether a body may refer to items: looked for in its bytes, since most bodies refer to none. */
export function mayRefer(bytes: Buffer): boolean {
  return bytes.includes(MARK);
}

/**
 * Puts items in the place of references to them. One that was referred to before stands already:
 * clients refer to a message once for each of its parts.
 *
 * @param find - the item of an id; undefined: it is kept elsewhere, or nowhere.
 * @returns undefined where nothing was found.
 */
export function withItems(
  body: JsonObject,
  find: (id: string) => JsonObject | undefined,
): JsonObject | undefined {
  if (!Array.isArray(body.input)) return undefined;
  const found = new Set<string>();
  const input = body.input.flatMap((item: unknown): unknown[] => {
    if (!isJsonObject(item) || item.type !== 'item_reference') return [item];
    const { id } = item;
    if (typeof id !== 'string') return [item];
    if (found.has(id)) return [];
    const kept = find(id);
    if (kept === undefined) return [item];
    found.add(id);
    return [kept];
  });
  return found.size === 0 ? undefined : { ...body, input };
}
