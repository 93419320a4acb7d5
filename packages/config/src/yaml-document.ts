import { constructFromEvents, parseEvents } from 'js-yaml';
import type { Event } from 'js-yaml';
import { locate, placeNodes, positionAt } from './position.ts';
import type { PlacedNode, Position } from './position.ts';
import type { PlacedProblem } from './config-error.ts';

/** Largest configuration file, in bytes. */
export const MAX_CONFIG_BYTES = 1024 * 1024;

/** Of lists and mappings; the parser counts the document as well. */
const MAX_DEPTH = 50;

/** A YAML text, read. */
export interface YamlDocument {
  /** Plain JSON values; empty when there are problems. */
  readonly value: unknown;
  readonly problems: readonly PlacedProblem[];
  /** Where a pointer's value, or its key, stands in the text. */
  readonly locate: (pointer: string, atKey?: boolean) => Position | undefined;
}

/** Reads YAML of one document, without aliases, merge keys, repeated keys; never throws. */
export function readYaml(text: string): YamlDocument {
  if (Buffer.byteLength(text) > MAX_CONFIG_BYTES) {
    return failed([syntax(`The file is larger than ${MAX_CONFIG_BYTES} bytes; make it smaller.`)]);
  }
  // The parser would skip the mark without counting it.
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  try {
    const events = parseEvents(body, { maxDepth: MAX_DEPTH + 1 });
    const { root, misplaced } = placeNodes(body, events);
    if (misplaced.length > 0) {
      return failed(misplaced.map((one) => syntax(one.message, positionAt(body, one.offset))));
    }
    if (root === undefined || isEmpty(events)) return failed([syntax(EMPTY, FIRST)]);
    const [value] = constructFromEvents(events, { source: body, maxAliases: 0 });
    return read(body, root, value);
  } catch (error) {
    return failed([yamlProblem(error, body)]);
  }
}

const EMPTY =
  'The file is empty. Write at least `plugins: { echo: {} }`, or remove it and start without --config to have one written.';
const FIRST: Position = { line: 1, column: 1 };

function read(text: string, root: PlacedNode, value: unknown): YamlDocument {
  return {
    value,
    problems: [],
    locate: (pointer, atKey = false) => locate(text, root, pointer, atKey),
  };
}

function failed(problems: readonly PlacedProblem[]): YamlDocument {
  return { value: {}, problems, locate: () => undefined };
}

function syntax(message: string, position?: Position): PlacedProblem {
  return { code: 'CONFIG_SYNTAX', message, ...(position && { position }) };
}

/** Only comments and blank lines, or a lone `null`. */
function isEmpty(events: readonly Event[]): boolean {
  const [, first] = events;
  return first === undefined || ('valueStart' in first && first.valueStart < 0);
}

function yamlProblem(error: unknown, text: string): PlacedProblem {
  const { reason, mark } = error as { reason?: unknown; mark?: { line: number; column: number } };
  const position =
    mark === undefined ? undefined : { line: mark.line + 1, column: mark.column + 1 };
  if (typeof reason !== 'string')
    return { ...syntax('The file cannot be read as YAML.'), cause: error };
  const message = reason.includes('maxDepth')
    ? `This is nested more than ${MAX_DEPTH} deep; flatten it.`
    : `This is not valid YAML: ${reason}.${bareReferenceHint(text, mark?.line)}`;
  return syntax(message, position);
}

/** In a flow mapping, the braces of a reference are YAML's own unless it stands in quotes. */
function bareReferenceHint(text: string, line: number | undefined): string {
  if (line === undefined) return '';
  const [, name] = /(?<!['"][^'",]*)\$\{(\w{1,100})/.exec(text.split('\n')[line] ?? '') ?? [];
  return name === undefined
    ? ''
    : ` Between { } or [ ], a reference stands in quotes: '\${${name}}'.`;
}
