import { constructFromEvents, EVENT_ID, getScalarValue, SCALAR_STYLE } from 'js-yaml';
import type { Event, ScalarEvent } from 'js-yaml';
import { fromPointer } from './pointer.ts';

/** A place in a text; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One value of the document, with where it and its key stand. Offsets into the text. */
export interface PlacedNode {
  readonly keyOffset: number;
  readonly offset: number;
  /** By key, or by index for a list. Absent for scalars. */
  readonly children?: ReadonlyMap<string, PlacedNode>;
}

/** What is wrong with the shape of the document, before it is read as values. */
export interface Misplaced {
  readonly message: string;
  readonly offset: number;
}

interface OpenNode {
  readonly isList: boolean;
  readonly keyOffset: number;
  readonly offset: number;
  readonly children: Map<string, PlacedNode>;
  /** A key that waits for its value. */
  pending: { readonly name: string; readonly offset: number } | undefined;
}

/**
 * Walks the parser's events once: where everything stands, and what a configuration may not
 * contain. A tree rather than a table by pointer, so that the cost is linear in the text whatever
 * the nesting.
 */
export function placeNodes(
  text: string,
  events: readonly Event[],
): { readonly root: PlacedNode | undefined; readonly misplaced: readonly Misplaced[] } {
  const misplaced: Misplaced[] = [];
  const open: OpenNode[] = [];
  let root: PlacedNode | undefined;
  let documents = 0;

  const place = (node: PlacedNode): void => {
    const parent = open.at(-1);
    if (parent === undefined) {
      if (documents > 1) misplaced.push({ message: MANY_DOCUMENTS, offset: node.offset });
      root ??= node;
    } else if (parent.isList) {
      parent.children.set(String(parent.children.size), node);
    } else if (parent.pending !== undefined) {
      parent.children.set(parent.pending.name, node);
      parent.pending = undefined;
    }
  };
  const expectsKey = (): boolean => {
    const parent = open.at(-1);
    return parent !== undefined && !parent.isList && parent.pending === undefined;
  };
  const takeKey = (name: string, event: ScalarEvent): void => {
    const parent = open.at(-1);
    if (parent === undefined) return;
    const offset = scalarOffset(event, parent.offset);
    const wrong = wrongKey(name, event, parent.children.has(name));
    if (wrong !== undefined) misplaced.push({ message: wrong, offset });
    parent.pending = { name, offset };
  };

  for (const event of events) {
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        documents += 1;
        break;
      case EVENT_ID.SEQUENCE:
      case EVENT_ID.MAPPING: {
        if (expectsKey()) {
          misplaced.push({ message: COMPLEX_KEY, offset: event.start });
          return { root, misplaced };
        }
        const children = new Map<string, PlacedNode>();
        const keyOffset = open.at(-1)?.pending?.offset ?? event.start;
        const node = { keyOffset, offset: event.start, children };
        place(node);
        open.push({ ...node, isList: event.type === EVENT_ID.SEQUENCE, pending: undefined });
        break;
      }
      case EVENT_ID.SCALAR: {
        if (expectsKey()) {
          takeKey(keyName(text, event), event);
          break;
        }
        const parent = open.at(-1);
        const keyOffset = parent?.pending?.offset;
        const offset = scalarOffset(event, keyOffset ?? parent?.offset ?? 0);
        place({ keyOffset: keyOffset ?? offset, offset });
        break;
      }
      case EVENT_ID.ALIAS:
        misplaced.push({ message: ALIAS, offset: event.anchorStart - 1 });
        return { root, misplaced };
      case EVENT_ID.POP:
        open.pop();
        break;
    }
  }
  return { root, misplaced };
}

/** Where the value of a pointer stands, or its key; for one that isn't in the text, its parent's key. */
export function locate(
  text: string,
  root: PlacedNode | undefined,
  pointer: string,
  atKey: boolean,
): Position | undefined {
  let node = root;
  if (node === undefined) return undefined;
  let found = true;
  for (const segment of fromPointer(pointer)) {
    const child: PlacedNode | undefined = node.children?.get(segment);
    if (child === undefined) {
      found = false;
      break;
    }
    node = child;
  }
  return positionAt(text, found && !atKey ? node.offset : node.keyOffset);
}

/** Line and column of an offset. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, Math.max(0, offset));
  const lineStart = Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r')) + 1;
  const line = (before.match(/\r\n|\n|\r/g)?.length ?? 0) + 1;
  return { line, column: before.length - lineStart + 1 };
}

const MANY_DOCUMENTS = 'The file holds a second document; keep everything in one, without "---".';
const COMPLEX_KEY = 'A key must be plain text, not a list or a mapping.';
const ALIAS = 'Aliases (*name) are not allowed here; write the value out.';

function wrongKey(name: string, event: ScalarEvent, twice: boolean): string | undefined {
  const shown = JSON.stringify(name.slice(0, 80));
  if (name === '<<' && event.style === SCALAR_STYLE.PLAIN) {
    return 'Merge keys (<<) are not supported; write the keys out.';
  }
  if (name === '__proto__') return `${shown} cannot be a key; use another name.`;
  if (twice) return `The key ${shown} stands here a second time; keep one of the two.`;
  return undefined;
}

/** A quoted scalar begins at its quote, an empty one where `otherwise` says. */
function scalarOffset(event: ScalarEvent, otherwise: number): number {
  if (event.valueStart < 0) return otherwise;
  const isQuoted =
    event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
  return isQuoted ? event.valueStart - 1 : event.valueStart;
}

/** The key as the values have it: `1.0` becomes `1` there. */
function keyName(text: string, event: ScalarEvent): string {
  const source = event.valueStart < 0 ? '' : getScalarValue(text, event);
  if (event.style !== SCALAR_STYLE.PLAIN || /^[A-Za-z_][\w-]*$/.test(source)) return source;
  const document: Event = {
    type: EVENT_ID.DOCUMENT,
    explicitStart: false,
    explicitEnd: false,
    directives: [],
  };
  try {
    const [key] = constructFromEvents([document, event, { type: EVENT_ID.POP }], { source: text });
    return String(key);
  } catch {
    // An unknown tag; the document itself will fail on it.
    return source;
  }
}
