import type { Json } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';

/** Where a value stands in a body: keys and array indexes from the top. */
export type FieldPath = readonly (string | number)[];

/**
 * Collects what the canonical model has no name for, below the top level: a message's `name`, a
 * mark of the prompt cache. It goes into the request's extras under a name without indexes, such as
 * `messages[].content[].cache_control`, with every place and value: `[[path, value], …]`. So another
 * dialect names it once as ignored, and this one can put each back.
 */
export interface NestedExtras {
  add(path: FieldPath, value: unknown): void;
  /** Adds the members of an object that are not in `known`. */
  addUnknown(path: FieldPath, object: JsonObject, known: readonly string[]): void;
}

/** Collects into `fields`, the fields of a request's extras. */
export function collectNested(fields: Record<string, Json>): NestedExtras {
  const places = new Map<string, Json[]>();
  const add = (path: FieldPath, value: unknown) => {
    if (isNothing(value) || path.includes('__proto__')) return;
    const name = nameOf(path);
    let list = places.get(name);
    if (list === undefined) {
      places.set(name, (list = []));
      fields[name] = list;
    }
    list.push([path, value as Json]);
  };
  return {
    add,
    addUnknown(path, object, known) {
      for (const key in object) {
        if (!known.includes(key)) add([...path, key], object[key]);
      }
    },
  };
}

/** Whether a field of the extras was made by {@link collectNested}. */
export function isNested(name: string): boolean {
  return name.includes('.') || name.includes('[]');
}

/**
 * Puts collected values back into a body.
 *
 * @returns false where a place is gone.
 */
export function putBack(body: JsonObject, places: Json): boolean {
  if (!Array.isArray(places)) return false;
  let all = true;
  for (const place of places as readonly Json[]) {
    if (!Array.isArray(place) || !Array.isArray(place[0])) return false;
    all = putAt(body, place[0] as FieldPath, place[1] as Json) && all;
  }
  return all;
}

function putAt(body: JsonObject, path: FieldPath, value: Json): boolean {
  let parent: unknown = body;
  for (const [depth, step] of path.slice(0, -1).entries()) {
    let next = member(parent, step);
    if (typeof next === 'string' && step === 'content' && depth + 2 < path.length) {
      next = [{ type: 'text', text: next }];
      (parent as Record<string, unknown>)[step] = next;
    }
    parent = next;
  }
  const last = path.at(-1);
  if (Array.isArray(parent) && typeof last === 'number') {
    parent.splice(last, 0, value);
    return true;
  }
  if (!isJsonObject(parent) || typeof last !== 'string') return false;
  // A file's name is made up where the client gave none.
  if (Object.hasOwn(parent, last) && last !== 'filename') return false;
  (parent as Record<string, unknown>)[last] = value;
  return true;
}

function member(parent: unknown, step: string | number): unknown {
  if (Array.isArray(parent)) return typeof step === 'number' ? parent[step] : undefined;
  return isJsonObject(parent) && Object.hasOwn(parent, step) ? parent[step] : undefined;
}

function nameOf(path: FieldPath): string {
  return path.reduce<string>((name, step) => {
    if (typeof step === 'number') return `${name}[]`;
    return name === '' ? step : `${name}.${step}`;
  }, '');
}

/** Clients send a whole answer's message back, empty members included. */
function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}
