import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createSchemaChecker } from './schema-checker.ts';

const checker = createSchemaChecker();
const POINTER = '/plugins/demo/config';

const messages = (schema: object, value: unknown, pointer = POINTER): string[] =>
  checker.check(schema, value, pointer).problems.map((problem) => problem.message);

const object = (properties: object, more: object = {}): object => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...more,
});

describe('a value that fits', () => {
  test('comes back as a frozen copy with defaults; the original stays as it was', () => {
    const schema = object({
      pace: { type: 'integer', default: 20 },
      inner: {
        type: 'object',
        default: {},
        properties: { on: { type: 'boolean', default: true } },
      },
    });
    const original = Object.freeze({});
    const { value, problems } = checker.check(schema, original, POINTER);
    expect(problems).toEqual([]);
    expect(value).toEqual({ pace: 20, inner: { on: true } });
    expect(Object.isFrozen((value as { inner: object }).inner)).toBe(true);
    expect(original).toEqual({});
  });

  test('may leave optional properties empty, nested ones too', () => {
    const schema = object(
      {
        a: { type: 'string', default: 'x' },
        b: { type: 'integer', nullable: true },
        list: { type: 'array', items: { $ref: '#/definitions/item' } },
        either: { anyOf: [{ $ref: '#/definitions/item' }, { type: 'string' }] },
      },
      { definitions: { item: object({ c: { type: 'string' } }) } },
    );
    const given = { a: null, b: null, list: [{ c: null }], either: { c: null } };
    expect(checker.check(schema, given, POINTER)).toEqual({
      value: { a: 'x', list: [{}], either: {} },
      problems: [],
    });
  });

  test('takes text as a number or boolean where the schema wants one', () => {
    const schema = object({
      count: { type: 'integer', minimum: 1 },
      ratio: { type: 'number' },
      on: { type: 'boolean' },
      name: { type: 'string' },
      either: { type: ['integer', 'string'] },
      deep: { type: 'array', items: object({ count: { type: 'integer' } }) },
    });
    const given = {
      count: '3',
      ratio: '-0.5',
      on: 'false',
      name: '7',
      either: '8',
      deep: [{ count: '9' }],
    };
    expect(checker.check(schema, given, POINTER)).toEqual({
      value: { count: 3, ratio: -0.5, on: false, name: '7', either: '8', deep: [{ count: 9 }] },
      problems: [],
    });
    for (const count of ['3.5', '0x3', '1e3', ' 3', '', '12345678901234567890']) {
      expect(messages(schema, { count })).toEqual([
        'plugins.demo.config.count must be a whole number; text was given.',
      ]);
    }
  });

  test('takes the marks that plugin schemas carry', () => {
    const schema = {
      $id: 'demo',
      title: 'Demo',
      type: 'object',
      'x-order': 1,
      properties: {
        url: { type: 'string', format: 'uri', examples: ['https://a.example'], deprecated: true },
        key: { type: 'string', writeOnly: true, readOnly: false },
      },
    };
    expect(messages(schema, { url: 'x', key: 'y' })).toEqual([]);
    // Another copy of the same schema, as after a reload.
    expect(messages(structuredClone(schema), { url: 5 })).toHaveLength(1);
  });
});

describe('a value that does not fit', () => {
  test('is pointed at, with the instance it belongs to', () => {
    const schema = object({
      list: { type: 'array', items: object({ 'a/b': { type: 'string' } }) },
    });
    const { problems } = checker.check(schema, { list: [{}, { 'a/b': 1, 'c~d': 2 }] }, POINTER);
    expect(problems).toEqual([
      {
        code: 'PLUGIN_BAD_CONFIG',
        message: 'plugins.demo.config.list[1] has no key "c~d". Allowed: a/b.',
        pointer: `${POINTER}/list/1/c~0d`,
        atKey: true,
        instanceId: 'demo',
      },
      {
        code: 'PLUGIN_BAD_CONFIG',
        message: 'plugins.demo.config.list[1]["a/b"] must be text; 1 was given. Put it in quotes.',
        pointer: `${POINTER}/list/1/a~1b`,
        instanceId: 'demo',
      },
    ]);
  });

  test('of a manifest is shown, since it comes from no environment', () => {
    const schema = object({ kind: { enum: ['red', 'green'] } });
    expect(messages(schema, { kind: 'gren' }, '/cliproxyPlugin')).toEqual([
      'cliproxyPlugin.kind must be red or green; "gren" was given. Did you mean green?',
    ]);
  });

  test('outside of an instance is an error of the configuration', () => {
    const { problems } = checker.check(object({ id: { type: 'string' } }), { id: 1 }, '');
    expect(problems).toEqual([
      {
        code: 'CONFIG_INVALID',
        message: 'id must be text; 1 was given. Put it in quotes.',
        pointer: '/id',
      },
    ]);
  });

  test.each([
    [{ type: 'boolean' }, 1, 'must be true or false; 1 was given.'],
    [{ type: 'integer' }, 1.5, 'must be a whole number; 1.5 was given.'],
    [{ type: ['string', 'null'] }, [], 'must be text; a list was given.'],
    [{ type: ['string', 'integer'] }, true, 'must be text or a whole number; true was given.'],
    [{ type: 'null' }, {}, 'must be empty; a mapping was given.'],
    [{ type: 'array' }, 1, 'must be a list; 1 was given. Write a single entry as [entry].'],
    [{ const: 'a' }, 'b', 'must be a; text was given.'],
    [{ enum: ['red', 'green'] }, 'gren', 'must be red or green; text was given.'],
    [{ type: 'number', exclusiveMaximum: 1 }, 1, 'must be less than 1; 1 was given.'],
    [{ type: 'string', minLength: 2 }, 'a', 'must have at least 2 characters.'],
    [{ type: 'string', maxLength: 1 }, 'ab', 'must have at most 1 character.'],
    [{ type: 'array', maxItems: 1 }, [1, 2], 'must list at most 1 entry.'],
    [{ type: 'array', minItems: 2 }, [1], 'must list at least 2 entries.'],
    [{ type: 'string', pattern: '^a$' }, 'b', 'does not have the right form. It must match ^a$.'],
    [{ type: 'array', uniqueItems: true }, [1, 1], 'lists the same entry twice.'],
    [
      { anyOf: [{ type: 'string' }, { type: 'object', required: ['a'] }], description: 'A name.' },
      5,
      'fits none of the forms that are allowed here; 5 was given. A name.',
    ],
  ])('%j', (schema, value, expected) => {
    expect(messages(object({ a: schema }), { a: value })).toEqual([
      `plugins.demo.config.a ${expected}`,
    ]);
  });

  test('names of keys, missing ones and conditions', () => {
    const named = { type: 'object', propertyNames: { pattern: '^[a-z]+$' } };
    expect(messages(named, { B1: 1 })).toEqual([
      '"B1" is not a name that plugins.demo.config can have.',
    ]);
    const required = object(
      { a: { type: 'string', description: 'The address.' } },
      { required: ['a', 'b'] },
    );
    expect(messages(required, {})).toEqual([
      'plugins.demo.config.a is missing. The address.',
      'plugins.demo.config.b is missing.',
    ]);
    expect(messages(required, { a: null })).toContain(
      'plugins.demo.config.a must be text; nothing was given.',
    );
    const conditional = { if: { required: ['a'] }, then: { required: ['b'] } };
    expect(messages(conditional, { a: 1 })).toEqual(['plugins.demo.config.b is missing.']);
  });

  test('own keys that Object has too are no danger', () => {
    const value = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 2}') as unknown;
    expect(messages(object({}), value)).toHaveLength(2);
    const free = checker.check({ type: 'object' }, value, POINTER).value as object;
    expect(Object.getPrototypeOf(free)).toBe(Object.prototype);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

describe('secrets', () => {
  test.each([
    [{ type: 'integer', writeOnly: true }],
    [{ type: 'string', enum: ['a'], writeOnly: true }],
    [{ type: 'array', items: { type: 'string', writeOnly: true } }],
    [{ type: 'object', writeOnly: true, properties: { pin: { type: 'string' } } }],
    [{ type: 'object', additionalProperties: { type: 'string', writeOnly: true } }],
    [{ allOf: [{ $ref: '#/definitions/key' }] }],
    [{ type: 'integer' }],
  ])('are not shown: %j', (schema) => {
    const whole = object(
      { a: schema },
      { definitions: { key: { type: 'boolean', writeOnly: true } } },
    );
    for (const value of ['hunter2-canary', [4242424242.5], { pin: 4242424242.5 }]) {
      expect(messages(whole, { a: value }).join()).not.toMatch(/canary|424242/);
    }
  });

  test('below a secret parent are none either', () => {
    const schema = object({ a: { writeOnly: true, properties: { pin: { type: 'string' } } } });
    expect(messages(schema, { a: { pin: 4242 } })).toEqual([
      'plugins.demo.config.a.pin must be text; a number was given. Put it in quotes.',
    ]);
  });
});

describe('a schema that cannot be used', () => {
  test.each([
    [{ type: 'strin' }],
    [{ $ref: '#/nowhere' }],
    [{ $ref: 'https://elsewhere.example/schema' }],
    [{ $schema: 'https://json-schema.org/draft/2020-12/schema' }],
    [{ type: 'object', properties: { a: { pattern: '(' } } }],
    [{ $async: true }],
    [Object.freeze({ properties: 3 })],
  ])('is a problem: %j', (schema) => {
    const { value, problems } = checker.check(schema, { a: 1 }, POINTER);
    expect(value).toEqual({ a: 1 });
    expect(problems).toMatchObject([
      { code: 'PLUGIN_BAD_CONTRIBUTION', instanceId: 'demo', pointer: POINTER },
    ]);
    expect(problems[0]?.message).toMatch(/^The plugin of "demo" brings a configuration schema/);
    expect(messages(schema, {}, '')[0]).toMatch(/^A configuration schema that can't be used/);
  });
});

test('any value against a schema of every kind of keyword gives problems, never a throw', () => {
  const schema = object({
    a: { type: 'integer', minimum: 1 },
    b: { type: 'array', items: { anyOf: [{ type: 'string' }, { $ref: '#' }] } },
    c: { oneOf: [{ type: 'boolean' }, { type: 'object', additionalProperties: { $ref: '#' } }] },
    d: { type: 'array', items: [{ type: 'number' }], additionalItems: { type: 'boolean' } },
    e: { type: 'object', patternProperties: { '^x': { type: 'integer' } } },
  });
  const value = fc.dictionary(
    fc.constantFrom('a', 'b', 'c', 'd', 'e', '__proto__'),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(value, (given) => {
      for (const { message } of checker.check(schema, given, POINTER).problems) {
        expect(message).toMatch(/\.$/);
      }
    }),
    { numRuns: 1000 },
  );
});
