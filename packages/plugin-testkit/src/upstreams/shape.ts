import { Refusal } from './refusal.ts';
import type { Path } from './refusal.ts';

/** What a value must be like. Throws a {@link Refusal} where it is not. */
export type Shape = (value: unknown, path: Path) => void;

/** Any object that is no array. */
export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Anything. */
export const anything: Shape = () => undefined;

export const flag: Shape = (value, path) => {
  if (typeof value !== 'boolean') wrongType(path, 'a boolean', value);
};

/** Any JSON object, whatever is in it. */
export const freeObject: Shape = (value, path) => {
  if (!isObject(value)) wrongType(path, 'an object', value);
};

/** Text; `max` and `min` in characters. */
export function text(
  rules: { readonly min?: number; readonly max?: number; readonly pattern?: RegExp } = {},
): Shape {
  const { min = 0, max = Number.POSITIVE_INFINITY, pattern } = rules;
  return (value, path) => {
    if (typeof value !== 'string') wrongType(path, 'a string', value);
    if (value.length < min) wrongValue(path, `string too short: at least ${min} characters`);
    if (value.length > max) wrongValue(path, `string too long: at most ${max} characters`);
    if (pattern?.test(value) === false) {
      wrongValue(path, `string '${value}' does not match the pattern '${pattern.source}'`);
    }
  };
}

/** A number; bounds are included. */
export function number(min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY): Shape {
  return (value, path) => {
    if (typeof value !== 'number') wrongType(path, 'a number', value);
    if (value < min) wrongValue(path, `${value} is below the minimum of ${min}`);
    if (value > max) wrongValue(path, `${value} is above the maximum of ${max}`);
  };
}

export function integer(min?: number, max?: number): Shape {
  const within = number(min, max);
  return (value, path) => {
    within(value, path);
    if (!Number.isInteger(value)) wrongType(path, 'an integer', value);
  };
}

/** One of some words. */
export function oneOf(...words: readonly string[]): Shape {
  return (value, path) => {
    if (typeof value !== 'string') wrongType(path, 'a string', value);
    if (!words.includes(value)) {
      wrongValue(path, `'${value}' is not one of ${words.map((word) => `'${word}'`).join(', ')}`);
    }
  };
}

export function list(item: Shape, min = 0, max = Number.POSITIVE_INFINITY): Shape {
  return (value, path) => {
    if (!Array.isArray(value)) wrongType(path, 'an array', value);
    if (value.length < min) wrongValue(path, `array too short: at least ${min} items`);
    if (value.length > max) wrongValue(path, `array too long: at most ${max} items`);
    value.forEach((entry, index) => item(entry, [...path, index]));
  };
}

/** An object with these fields and no other. */
export function fields(
  required: Readonly<Record<string, Shape>>,
  optional: Readonly<Record<string, Shape>> = {},
): Shape {
  const known = new Map([...Object.entries(required), ...Object.entries(optional)]);
  return (value, path) => {
    if (!isObject(value)) wrongType(path, 'an object', value);
    for (const name of Object.keys(required)) {
      if (value[name] === undefined) throw new Refusal('missing', [...path, name], 'is required');
    }
    for (const [name, entry] of Object.entries(value)) {
      const shape = known.get(name);
      if (shape === undefined) throw new Refusal('unknown', [...path, name], 'is not known');
      shape(entry, [...path, name]);
    }
  };
}

/** An object whose shape is told by one of its fields. */
export function byField(name: string, shapes: Readonly<Record<string, Shape>>): Shape {
  return (value, path) => {
    if (!isObject(value)) wrongType(path, 'an object', value);
    const kind = value[name];
    if (kind === undefined) throw new Refusal('missing', [...path, name], 'is required');
    oneOf(...Object.keys(shapes))(kind, [...path, name]);
    shapes[kind as string]?.(value, path);
  };
}

/** One shape for each kind of JSON value that is taken. */
export function byKind(shapes: {
  readonly string?: Shape;
  readonly array?: Shape;
  readonly object?: Shape;
}): Shape {
  return (value, path) => {
    const shape = shapes[kindOf(value) as keyof typeof shapes];
    if (shape === undefined) wrongType(path, `one of ${Object.keys(shapes).join(', ')}`, value);
    shape(value, path);
  };
}

export function nullable(shape: Shape): Shape {
  return (value, path) => {
    if (value !== null) shape(value, path);
  };
}

/** Each of these optional fields may be null as well. */
export function nullables(shapes: Readonly<Record<string, Shape>>): Record<string, Shape> {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, nullable(shape)] as const),
  );
}

/** An object of any keys with values of one shape. */
export function mapOf(item: Shape): Shape {
  return (value, path) => {
    freeObject(value, path);
    for (const [name, entry] of Object.entries(value as Json)) item(entry, [...path, name]);
  };
}

/** Several shapes, all of them. */
export function every(...shapes: readonly Shape[]): Shape {
  return (value, path) => shapes.forEach((shape) => shape(value, path));
}

/** Bytes in base64, padded; `urlSafe`: in its other alphabet as well. */
export function base64(urlSafe = false): Shape {
  const alphabet = urlSafe ? /^[\w+/-]+={0,2}$/u : /^[A-Za-z0-9+/]+={0,2}$/u;
  return (value, path) => {
    if (typeof value !== 'string') wrongType(path, 'a string', value);
    if (!alphabet.test(value) || value.length % 4 !== 0) wrongValue(path, 'invalid base64 data');
  };
}

/** What a value is, in JSON's words. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function wrongType(path: Path, wanted: string, value: unknown): never {
  throw new Refusal('type', path, `expected ${wanted}, but got ${kindOf(value)}`);
}

function wrongValue(path: Path, message: string): never {
  throw new Refusal('value', path, message);
}
