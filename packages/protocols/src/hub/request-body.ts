import { isUtf8 } from 'node:buffer';
import type { JsonKind } from '@cliproxy/kernel';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { OPAQUE_TAG } from '../model/opaque-tag.ts';
import { badJson, scanTopLevel } from '../scan/top-level.ts';
import type { TopLevel } from '../scan/top-level.ts';

/** Bodies up to here are parsed when they are read, so that a bad one is refused at once. */
const EAGER_PARSE_BYTES = 64 * 1024;
/** Values up to here are looked at without parsing the whole body. */
const SMALL_VALUE_BYTES = 4096;

/** A tag begins its string, so the quote before it is looked for too: it is rarer than any letter. */
const TAG = Buffer.from(`"${OPAQUE_TAG}`);

/** A client's body: its bytes, where its top-level keys stand, and, where needed, its value. */
export class RequestBody {
  readonly bytes: Buffer;
  readonly top: TopLevel;
  /**
   * The top level, for looking up small values: model, stream, session ids. Values over 4 KiB may
   * be missing.
   */
  readonly fields: JsonObject;
  #json: JsonObject | undefined;
  #holdsTag: boolean | undefined;

  /** @throws GatewayError `CLIENT_BAD_JSON` */
  constructor(bytes: Buffer) {
    if (!isUtf8(bytes)) throw badJson('The body is not valid UTF-8.');
    this.bytes = bytes;
    this.top = scanTopLevel(bytes);
    this.fields = bytes.length <= EAGER_PARSE_BYTES ? this.json() : smallFields(bytes, this.top);
  }

  /**
   * The whole body, parsed once.
   *
   * @throws GatewayError `CLIENT_BAD_JSON`
   */
  json(): JsonObject {
    if (this.#json !== undefined) return this.#json;
    const value = parse(this.bytes, 'The body');
    if (!isJsonObject(value)) throw badJson('The body is not a JSON object.');
    this.#json = value;
    return value;
  }

  /** What the value of a top-level key is, by its first byte; undefined where there is no such key. */
  kindOf(key: string): JsonKind | undefined {
    const entry = this.top.get(key);
    return entry === undefined ? undefined : (KINDS[this.bytes[entry.start] ?? 0] ?? 'number');
  }

  /** Whether an opaque part of another dialect may be inside. */
  get holdsTag(): boolean {
    this.#holdsTag ??= this.bytes.includes(TAG);
    return this.#holdsTag;
  }
}

/** What begins with a byte; everything else is a number. */
const KINDS: Readonly<Record<number, JsonKind>> = {
  0x22: 'string',
  0x5b: 'array',
  0x66: 'boolean',
  0x6e: 'null',
  0x74: 'boolean',
  0x7b: 'object',
};

function smallFields(bytes: Buffer, top: TopLevel): JsonObject {
  const fields: [string, unknown][] = [];
  for (const [key, { start, end }] of top) {
    if (end - start > SMALL_VALUE_BYTES) continue;
    const name = key.length > 64 ? `${key.slice(0, 64)}…` : key;
    fields.push([key, parse(bytes.subarray(start, end), `\`${name}\``)]);
  }
  return Object.fromEntries(fields);
}

function parse(bytes: Buffer, what: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch (cause) {
    throw badJson(`${what} is not valid JSON${reason(cause)}.`, cause);
  }
}

/** The parser's reason, without its excerpt of the body: that may be anything. */
function reason(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null || !('message' in cause)) return '';
  const words = String(cause.message);
  const excerpt = words.search(/, (?:\.\.\.)?"| in JSON at position| is not valid JSON/);
  const place = /position (\d+)/.exec(words)?.[1];
  const said = excerpt < 0 ? words : words.slice(0, excerpt);
  return `: ${said}${place === undefined ? '' : ` at character ${place}`}`;
}
