import { describe, expect, test } from '@jest/globals';
import { isGatewayError } from '@cliproxy/plugin-api';
import fc from 'fast-check';
import { editBody } from './edit-body.ts';
import { MAX_DEPTH } from './skip-value.ts';
import { scanTopLevel } from './top-level.ts';

const scan = (text: string): Record<string, unknown> => {
  const bytes = Buffer.from(text);
  return Object.fromEntries(
    [...scanTopLevel(bytes)].map(([key, { start, end }]) => [
      key,
      JSON.parse(bytes.toString('utf8', start, end)) as unknown,
    ]),
  );
};

function problemOf(bytes: Buffer): string | undefined {
  try {
    scanTopLevel(bytes);
    return undefined;
  } catch (error) {
    if (!isGatewayError(error) || error.code !== 'CLIENT_BAD_JSON') throw error;
    return error.message;
  }
}

/** Writes JSON with spaces, line ends and escapes wherever the grammar allows them. */
function loosely(value: unknown, next: () => number): string {
  const gap = (): string => ['', '', '', ' ', '\n', '\r\n', '\t '][next() % 7] ?? '';
  const quoted = (text: string): string =>
    `"${Array.from(text)
      .map((char) =>
        next() % 5 === 0 && char.length === 1
          ? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
          : JSON.stringify(char).slice(1, -1),
      )
      .join('')}"`;
  const write = (item: unknown): string => {
    if (typeof item === 'string') return quoted(item);
    if (Array.isArray(item))
      return `[${gap()}${item.map(write).join(`${gap()},${gap()}`)}${gap()}]`;
    if (typeof item !== 'object' || item === null) return JSON.stringify(item);
    const members = Object.entries(item).map(
      ([key, member]) => `${quoted(key)}${gap()}:${gap()}${write(member)}`,
    );
    return `{${gap()}${members.join(`${gap()},${gap()}`)}${gap()}}`;
  };
  return `${gap()}${write(value)}${gap()}`;
}

const objects = fc.dictionary(
  fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constantFrom('"', '\\', '__proto__')),
  fc.oneof(fc.jsonValue(), fc.string({ unit: fc.constantFrom('"', '\\', 'a', '{', ']', 'é') })),
);
const choices = fc.infiniteStream(fc.nat(1000)).map((stream) => () => {
  const step = stream.next();
  return step.done === true ? 0 : step.value;
});

describe('top-level scan', () => {
  test('finds the keys and values that JSON.parse finds', () => {
    fc.assert(
      fc.property(objects, choices, (object, next) => {
        const text = loosely(object, next);
        expect(JSON.stringify(Object.entries(scan(text)))).toBe(
          JSON.stringify(Object.entries(JSON.parse(text) as object)),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('takes no flat object that JSON.parse refuses, and no object that it refuses to be one', () => {
    const flat = fc
      .array(
        fc.constantFrom(
          ...['{', '}', '"', ':', ',', '1', '-', 'e', '.', '0', 'true', 'null', 'nul', ' ', '\\'],
          ...['"a"', '"b"', '[', ']', '\n', '\u0000', 'é', '{"a":1', ',"b":2', '"a":1'],
        ),
      )
      .map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(flat, (text) => {
        const problem = problemOf(Buffer.from(text));
        let value: unknown;
        try {
          value = JSON.parse(text);
        } catch {
          // What is inside strings and below the top level is not looked at.
          if (problem === undefined) expect(text).toMatch(/[[\n\u0000\\]|[:,].*[{]/);
          return;
        }
        const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
        if (!isObject) expect(problem).toBeDefined();
        else if (problem !== undefined) expect(problem).toContain('twice');
      }),
      { numRuns: 3000 },
    );
  });

  test('never crashes on bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        problemOf(Buffer.from(bytes));
        problemOf(Buffer.concat([Buffer.from('{"a":'), bytes]));
        problemOf(Buffer.concat([Buffer.from('{"a":"'), bytes, Buffer.from('"}')]));
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['', 'The body is empty'],
    [' \r\n', 'The body is empty'],
    ['[1]', 'an object must begin with `{`'],
    ['{"a":1', '`,` or `}` is missing at byte 6'],
    ['{"a":1}x', 'something follows the object at byte 7'],
    ['{"a":1,}', 'a key in double quotes is missing at byte 7'],
    ['{a:1}', 'a key in double quotes is missing at byte 1'],
    ['{"a" 1}', '`:` is missing'],
    ['{"a":}', 'a value is missing or malformed at byte 5'],
    ['{"a":01}', 'a value is missing or malformed'],
    ['{"a":[1}', 'brackets do not match within the value at byte 5'],
    ['{"a":[{"b":"}]', 'the value is not closed that begins at byte 5'],
    ['{"a":[1', 'the value is not closed that begins at byte 5'],
    ['{"a":"x}', 'a string is not closed at byte 5'],
    ['{"a\\x":1}', 'a key is malformed'],
    ['{"a\n":1}', 'a key is malformed'],
    ['{"a":1,"b":2,"\\u0061":3}', 'names "a" twice'],
    [`{"${'k'.repeat(100)}":1,"${'k'.repeat(100)}":1}`, `"${'k'.repeat(64)}…" twice`],
  ])('%s is refused: %s', (text, message) => {
    expect(problemOf(Buffer.from(text))).toContain(message);
  });

  test('nesting is taken up to the limit and not past it', () => {
    const nested = (depth: number): Buffer =>
      Buffer.from(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
    expect(problemOf(nested(MAX_DEPTH))).toBeUndefined();
    expect(problemOf(nested(MAX_DEPTH + 1))).toContain(`deeper than ${MAX_DEPTH}`);
  });

  test('long strings with escapes on every boundary', () => {
    for (const filler of ['x', '\\\\', '\\"', 'xx\\"', '\\\\\\"']) {
      for (let count = 0; count < 400; count += 7) {
        const raw = `${'a'.repeat(count % 50)}${filler.repeat(count)}`;
        expect(scan(`{"s":"${raw}","t":[{"u":"${raw}"}],"z":1}`)).toEqual({
          s: JSON.parse(`"${raw}"`),
          t: [{ u: JSON.parse(`"${raw}"`) }],
          z: 1,
        });
      }
    }
    const long = `${'y'.repeat(5000)}\\"${'y'.repeat(5000)}\\\\`;
    expect(Object.keys(scan(`{"s":"${long}","z":1}`))).toEqual(['s', 'z']);
  });
});

describe('body edits', () => {
  test('do to the text what they say, whatever is removed', () => {
    fc.assert(
      fc.property(
        objects,
        choices,
        fc.array(fc.nat(8)),
        fc.array(fc.nat(8)),
        fc.nat(2),
        (object, next, removed, replaced, inserts) => {
          const body = Buffer.from(loosely(object, next));
          const keys = Object.keys(JSON.parse(body.toString()) as object);
          const pick = (indexes: number[]): string[] =>
            indexes.map((index) => keys[index]).filter((key) => key !== undefined);
          const remove = new Set(pick(removed));
          const replace = new Map(pick(replaced).map((key) => [key, Buffer.from('"new"')]));
          const insert = ['"\\nfirst":1', '"\\nsecond":2']
            .slice(0, inserts)
            .map((m) => Buffer.from(m));
          const edited = editBody(body, scanTopLevel(body), { remove, replace, insert });
          const wanted = new Map<string, unknown>(
            [
              ['\nfirst', 1],
              ['\nsecond', 2],
            ].slice(0, inserts) as [string, unknown][],
          );
          for (const [key, value] of Object.entries(JSON.parse(body.toString()) as object)) {
            if (!remove.has(key)) wanted.set(key, replace.has(key) ? 'new' : value);
          }
          expect(
            new Map(Object.entries(JSON.parse(edited.toString()) as Record<string, unknown>)),
          ).toEqual(wanted);
          if (remove.size + replace.size + inserts === 0) expect(edited).toBe(body);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('leave every other byte alone', () => {
    const body = Buffer.from(' { "model" : "a",\n "x":1 , "y": [ 2 ] } ');
    const edited = editBody(body, scanTopLevel(body), {
      remove: new Set(['x']),
      replace: new Map([['model', Buffer.from('"bc"')]]),
      insert: [],
    });
    expect(edited.toString()).toBe(' { "model" : "bc" , "y": [ 2 ] } ');
  });
});
