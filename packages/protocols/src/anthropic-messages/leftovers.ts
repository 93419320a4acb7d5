import type { Json } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';

/**
 * Keeps what the canonical request has no place for (`cache_control` of a block, blocks of server
 * tools) with the place where it stood: for a way back into the dialect, and so that other dialects
 * name it as ignored.
 */
export interface Leftovers {
  /** Keeps the keys of a block of a type that are not among the known ones. */
  keys(place: Place, type: string, block: JsonObject, known: readonly string[]): void;
  /** Keeps a whole block, which stood before the part at `place`. */
  block(place: Place, type: string, block: JsonObject): void;
  /** Fields for `ModelRequest.extras`; their names are fit to show to the client. */
  readonly fields: Readonly<Record<string, Json>>;
}

/** Where something stood: the list; the turn, 0 for tools; the part or tool. */
export interface Place {
  readonly in:
    | 'tools[]'
    | 'system[]'
    | 'messages[].content[]'
    // Of the dialect `gemini`.
    | 'systemInstruction.parts[]'
    | 'contents[].parts[]';
  readonly turn: number;
  readonly part: number;
}

/** Makes an empty collection for one request. */
export function collectLeftovers(): Leftovers {
  const fields: Record<string, Json[]> = {};
  const keep = (name: string, { turn, part }: Place, type: string, value: unknown): void => {
    (fields[name] ??= []).push([turn, part, type, value as Json]);
  };
  return {
    fields,
    keys(place, type, block, known) {
      for (const [key, value] of Object.entries(block)) {
        if (value === undefined || value === null || known.includes(key)) continue;
        keep(`${place.in}.${key}`, place, type, value);
      }
    },
    block(place, type, block) {
      keep(`${place.in.slice(0, -2)}[${type}]`, place, type, block);
    },
  };
}

/** What was kept, by place. */
export interface KeptLeftovers {
  /** Nothing was kept. */
  readonly none: boolean;
  /** Keys to put back onto the block; where its type is another now, only what any block takes. */
  keys(place: Place, type: string): JsonObject;
  /** Blocks to put back before it. */
  blocks(place: Place): readonly JsonObject[];
}

/** Reads the fields of a {@link collectLeftovers}; other fields are skipped. */
export function keptLeftovers(fields: Readonly<Record<string, Json>>): KeptLeftovers {
  const keys = new Map<string, KeptKey[]>();
  const blocks = new Map<string, JsonObject[]>();
  for (const [name, entries] of Object.entries(fields)) {
    const [, list, key, blockType] = NAME.exec(name) ?? [];
    if (list === undefined || !Array.isArray(entries)) continue;
    for (const entry of entries as readonly Json[]) {
      if (!Array.isArray(entry)) continue;
      const [turn, part, type, value] = entry as readonly unknown[];
      const at = `${list}[] ${String(turn)} ${String(part)}`;
      if (key !== undefined) keys.set(at, [...(keys.get(at) ?? []), { key, type, value }]);
      else if (blockType !== undefined && isJsonObject(value)) {
        blocks.set(at, [...(blocks.get(at) ?? []), value]);
      }
    }
  }
  const id = (place: Place): string => `${place.in} ${place.turn} ${place.part}`;
  return {
    none: keys.size === 0 && blocks.size === 0,
    keys: (place, type) =>
      Object.fromEntries(
        (keys.get(id(place)) ?? [])
          .filter((kept) => kept.type === type || kept.key === 'cache_control')
          .map(({ key, value }) => [key, value]),
      ),
    blocks: (place) => blocks.get(id(place)) ?? [],
  };
}

interface KeptKey {
  readonly key: string;
  readonly type: unknown;
  readonly value: unknown;
}

/** Whether a field of `extras` is one of a {@link collectLeftovers}. */
export function isLeftover(name: string): boolean {
  return NAME.test(name);
}

const NAME =
  /^(tools|system|messages\[\]\.content|systemInstruction\.parts|contents\[\]\.parts)(?:\[\]\.(.+)|\[(.+)\])$/;
