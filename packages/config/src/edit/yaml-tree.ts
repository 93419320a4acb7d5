import { EVENT_ID, getScalarValue, parseEvents } from 'js-yaml';
import type { Event, MappingEvent, ScalarEvent } from 'js-yaml';

/** A value in a YAML text, as it is written. Offsets into the text. */
export interface WrittenNode {
  readonly event: Event;
  /** Of the key that it stands at; -1: none. */
  readonly keyStart: number;
  readonly keyEnd: number;
  /** Of a mapping, by key, in the order of the text. */
  readonly children?: ReadonlyMap<string, WrittenNode>;
}

/** Reads how a text is written; it must be one that `readYaml` takes. */
export function writtenTree(text: string): WrittenNode | undefined {
  const events = parseEvents(text, {});
  let at = 0;
  const next = (): Event | undefined => events[at++];
  const read = (event: Event, keyStart: number, keyEnd: number): WrittenNode => {
    if (event.type !== EVENT_ID.MAPPING && event.type !== EVENT_ID.SEQUENCE) {
      return { event, keyStart, keyEnd };
    }
    const children = new Map<string, WrittenNode>();
    for (let one = next(); one !== undefined && one.type !== EVENT_ID.POP; one = next()) {
      if (event.type === EVENT_ID.SEQUENCE) {
        read(one, -1, -1);
        continue;
      }
      const key = one as ScalarEvent;
      const value = next();
      if (value === undefined) break;
      children.set(getScalarValue(text, key), read(value, key.valueStart, key.valueEnd));
    }
    return { event, keyStart, keyEnd, ...(isMapping(event) && { children }) };
  };
  const first = next();
  const root = first?.type === EVENT_ID.DOCUMENT ? next() : first;
  return root === undefined || root.type === EVENT_ID.POP ? undefined : read(root, -1, -1);
}

/** Whether a value is a mapping. */
export function isMapping(event: Event): event is MappingEvent {
  return event.type === EVENT_ID.MAPPING;
}

/** Whether a value is a scalar, one that is left out included. */
export function isScalar(event: Event): event is ScalarEvent {
  return event.type === EVENT_ID.SCALAR;
}
