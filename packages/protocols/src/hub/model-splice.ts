import { isGatewayError } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { scanTopLevel } from '../scan/top-level.ts';
import { dataOf } from '../codec/frame-data.ts';

type Path = readonly string[];

interface Span {
  readonly start: number;
  readonly end: number;
}

const DATA = Buffer.from('data:');
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const QUOTE = 0x22;

/** Puts the model's name that the client asked for into answers of an upstream that knows another. */
export interface ModelSplice {
  /** @returns the frame itself where it does not name the model. */
  frame(frame: Buffer): Buffer;
  /** A whole answer; same as for a frame. */
  body(body: Buffer, json: JsonObject): Buffer;
}

/**
 * Makes a splice for one answer.
 *
 * Frames of one stream mostly begin alike up to the model's name. That beginning is remembered, so
 * that one comparison finds the place.
 *
 * @param paths - where the dialect's answers name the model.
 */
export function modelSplice(paths: readonly Path[], model: string): ModelSplice {
  const value = Buffer.from(JSON.stringify(model));
  const needles = [...new Set(paths.map((path) => `"${path.at(-1) ?? ''}"`))].map((key) =>
    Buffer.from(key),
  );
  let known: { readonly sent: Buffer; readonly ours: Buffer } | undefined;

  return {
    frame(frame) {
      if (known !== undefined && beginsWith(frame, known.sent)) {
        return Buffer.concat([known.ours, frame.subarray(known.sent.length)]);
      }
      if (!needles.some((needle) => frame.includes(needle))) return frame;
      const data = frame.indexOf(DATA);
      const start = data < 0 ? -1 : frame.indexOf(BRACE_OPEN, data);
      if (start < 0) return frame;
      const spans = locate(frame.subarray(start, frame.lastIndexOf(BRACE_CLOSE) + 1), paths);
      if (spans === undefined) return rebuilt(frame, paths, model);
      const [first] = spans;
      if (first === undefined) return frame;
      if (paths.length === 1) {
        known = {
          sent: Buffer.from(frame.subarray(0, start + first.end)),
          ours: Buffer.concat([frame.subarray(0, start + first.start), value]),
        };
      }
      return replaced(frame, spans, start, value);
    },
    body(body, json) {
      const spans = locate(body, paths);
      if (spans === undefined) return Buffer.from(JSON.stringify(renamed(json, paths, model)));
      return spans.length === 0 ? body : replaced(body, spans, 0, value);
    },
  };
}

function beginsWith(bytes: Buffer, start: Buffer): boolean {
  return (
    bytes.length >= start.length && bytes.compare(start, 0, start.length, 0, start.length) === 0
  );
}

/** Where the name stands, in order; undefined where a scan can't tell. */
function locate(json: Buffer, paths: readonly Path[]): readonly Span[] | undefined {
  try {
    return paths
      .map((path) => locateOne(json, path))
      .filter((span) => span !== undefined)
      .sort((a, b) => a.start - b.start);
  } catch (error) {
    if (isGatewayError(error)) return undefined;
    throw error;
  }
}

function locateOne(json: Buffer, path: Path): Span | undefined {
  let span: Span = { start: 0, end: json.length };
  for (const key of path) {
    if (json[span.start] !== BRACE_OPEN && span.start > 0) return undefined;
    const entry = scanTopLevel(json.subarray(span.start, span.end)).get(key);
    if (entry === undefined) return undefined;
    span = { start: span.start + entry.start, end: span.start + entry.end };
  }
  return json[span.start] === QUOTE ? span : undefined;
}

function replaced(bytes: Buffer, spans: readonly Span[], offset: number, value: Buffer): Buffer {
  const pieces: Buffer[] = [];
  let kept = 0;
  for (const { start, end } of spans) {
    pieces.push(bytes.subarray(kept, offset + start), value);
    kept = offset + end;
  }
  pieces.push(bytes.subarray(kept));
  return Buffer.concat(pieces);
}

/** The slow way, for frames whose data is spread over lines. */
function rebuilt(frame: Buffer, paths: readonly Path[], model: string): Buffer {
  const { json, otherLines } = dataOf(frame);
  if (!isJsonObject(json)) return frame;
  const data = `data: ${JSON.stringify(renamed(json, paths, model))}`;
  return Buffer.from(`${[...otherLines, data].join('\n')}\n\n`);
}

function renamed(json: JsonObject, paths: readonly Path[], model: string): JsonObject {
  return paths.reduce((object, path) => renamedAt(object, path, model), json);
}

function renamedAt(object: JsonObject, path: Path, model: string): JsonObject {
  const [key, ...rest] = path;
  if (key === undefined || !Object.hasOwn(object, key)) return object;
  const member = object[key];
  if (rest.length === 0) return typeof member === 'string' ? { ...object, [key]: model } : object;
  return isJsonObject(member) ? { ...object, [key]: renamedAt(member, rest, model) } : object;
}
