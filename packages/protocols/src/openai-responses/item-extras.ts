import type { Json } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';

/** Where something stood: the turn, the part in it, and the part of a tool's output in that. */
export interface Place {
  readonly turn: number;
  readonly part: number;
  readonly inner?: number;
}

/** What holds members that the canonical model has no name for. */
type Holder = 'input[]' | 'input[].content[]' | 'input[].output[]' | 'tools[]';

/**
 * Keeps what the canonical model has no name for, with the place where it stood: members of items,
 * whole items of tools that run at the vendor, and such tools themselves. So other dialects name it
 * once as ignored, such as `input[web_search_call]`, and this one puts it back.
 */
export interface ItemExtras {
  /** Keeps the members that are not in `known`. */
  members(holder: Holder, place: Place, object: JsonObject, known: ReadonlySet<string>): void;
  /** Keeps a whole item, which stood before the part at `place`. */
  whole(list: 'input' | 'tools', place: Place, item: JsonObject): void;
}

/** Collects into `fields`, the fields of a request's extras. */
export function collectItemExtras(fields: Record<string, Json>): ItemExtras {
  const lists = new Map<string, Json[]>();
  const keep = (name: string, { turn, part, inner = 0 }: Place, value: unknown): void => {
    let list = lists.get(name);
    if (list === undefined) {
      lists.set(name, (list = []));
      fields[name] = list;
    }
    list.push([turn, part, inner, value as Json]);
  };
  return {
    members(holder, place, object, known) {
      for (const key in object) {
        const value = object[key];
        if (known.has(key) || isNothing(value) || key === '__proto__') continue;
        keep(`${holder}.${key}`, place, value);
      }
    },
    whole(list, place, item) {
      keep(`${list}[${String(item.type).slice(0, 64)}]`, place, item);
    },
  };
}

/** Whether a field of the extras was made by {@link collectItemExtras}. */
export function isItemExtra(name: string): boolean {
  return NAME.test(name);
}

const NAME = /^(?:(input\[\](?:\.(?:content|output)\[\])?|tools\[\])\.(.+)|(input|tools)\[(.+)\])$/;

/** What was kept, by place. */
export interface KeptItemExtras {
  members(holder: Holder, place: Place): JsonObject;
  whole(list: 'input' | 'tools', place: Place): readonly JsonObject[];
}

const NOTHING: JsonObject = {};

/**
 * Reads the fields of a {@link collectItemExtras}.
 *
 * @param skip - fields that stay out.
 */
export function keptItemExtras(
  fields: Readonly<Record<string, Json>>,
  skip: readonly string[],
): KeptItemExtras {
  const members = new Map<string, Record<string, Json>>();
  const wholes = new Map<string, JsonObject[]>();
  for (const [name, entries] of Object.entries(fields)) {
    const [, holder, key, list] = NAME.exec(name) ?? [];
    if (skip.includes(name) || !Array.isArray(entries)) continue;
    for (const entry of entries as readonly Json[]) {
      if (!Array.isArray(entry)) continue;
      const [turn, part, inner, value] = entry as readonly unknown[] as readonly [
        number,
        number,
        number,
        Json,
      ];
      const where = `${turn} ${part} ${inner}`;
      if (holder !== undefined && key !== undefined) {
        const at = `${holder} ${where}`;
        members.set(at, { ...members.get(at), [key]: value });
      } else if (list !== undefined && isJsonObject(value)) {
        const at = `${list} ${where}`;
        wholes.set(at, [...(wholes.get(at) ?? []), value]);
      }
    }
  }
  const where = ({ turn, part, inner = 0 }: Place) => `${turn} ${part} ${inner}`;
  return {
    members: (holder, place) => members.get(`${holder} ${where(place)}`) ?? NOTHING,
    whole: (list, place) => wholes.get(`${list} ${where(place)}`) ?? [],
  };
}

/** Clients send a whole answer's items back, empty members included. */
function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return Array.isArray(value) && value.length === 0;
}
