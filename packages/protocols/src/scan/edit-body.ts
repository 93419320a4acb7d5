import type { TopLevel, TopLevelEntry } from './top-level.ts';

/** Changes to an object's top level; everything else keeps its bytes. */
export interface BodyEdits {
  /** New values (as JSON) of keys that are there. */
  readonly replace: ReadonlyMap<string, Buffer>;
  /** Keys that go. */
  readonly remove: ReadonlySet<string>;
  /** Members (`"key":value`, as JSON) that come first. Not for keys that are there. */
  readonly insert: readonly Buffer[];
}

const COMMA = Buffer.from(',');

/**
 * Applies edits to a scanned object.
 *
 * @returns the same buffer where nothing changes.
 */
export function editBody(body: Buffer, top: TopLevel, edits: BodyEdits): Buffer {
  const pieces: Buffer[] = [];
  let kept = 0;
  const cut = (from: number, to: number): void => {
    if (from > kept) pieces.push(body.subarray(kept, from));
    kept = to;
  };
  const entries = [...top];
  const stays = entries.some(([key]) => !edits.remove.has(key));
  if (edits.insert.length > 0) {
    const first = entries[0]?.[1].keyStart ?? body.indexOf('{') + 1;
    cut(first, first);
    edits.insert.forEach((member, index) => {
      pieces.push(member);
      if (stays || index < edits.insert.length - 1) pieces.push(COMMA);
    });
  }
  let before: TopLevelEntry | undefined;
  let keptBefore = false;
  entries.forEach(([key, entry], index) => {
    const value = edits.replace.get(key);
    if (edits.remove.has(key)) {
      // With the comma before it; or, as long as nothing is kept, with the one after it.
      if (keptBefore && before !== undefined) cut(before.end, entry.end);
      else cut(entry.keyStart, entries[index + 1]?.[1].keyStart ?? entry.end);
    } else {
      keptBefore = true;
      if (value !== undefined) {
        cut(entry.start, entry.end);
        pieces.push(value);
      }
    }
    before = entry;
  });
  if (kept === 0 && pieces.length === 0) return body;
  cut(body.length, body.length);
  return Buffer.concat(pieces);
}
