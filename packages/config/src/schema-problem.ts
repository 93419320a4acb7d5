import type { ErrorObject } from 'ajv';
import type { Problem } from '@cliproxy/kernel';
import { didYouMean } from './did-you-mean.ts';
import { escapeSegment, pathName, quoted } from './pointer.ts';

/** How a value that was checked may be spoken of. */
export interface Manner {
  /** Code of the problems. */
  readonly code: string;
  /** Put before each pointer. */
  readonly pointer: string;
  /** Whether the value at a pointer (relative to the one checked) may be shown. */
  readonly mayShow: (pointer: string, value: unknown) => boolean;
  /** What to call the value at a pointer. */
  readonly nameOf: (pointer: string) => string;
}

/** Says in words what Ajv found; undefined for errors that only repeat others. */
export function schemaProblem(error: ErrorObject, manner: Manner): Problem | undefined {
  const pointer = manner.pointer + error.instancePath;
  const name = manner.nameOf(error.instancePath);
  const at = (key: string, message: string, atKey: boolean): Problem => ({
    code: manner.code,
    message,
    pointer: `${pointer}/${escapeSegment(key)}`,
    ...(atKey && { atKey }),
  });
  const params = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params['additionalProperty']);
      return at(key, unknownKey(key, error, pointer), true);
    }
    case 'propertyNames': {
      const key = String(params['propertyName']);
      return at(key, `${quoted(key)} is not a name that ${name} can have.`, true);
    }
    case 'required': {
      const key = String(params['missingProperty']);
      const path = pathName(`${pointer}/${escapeSegment(key)}`);
      return { ...at(key, `${path} is missing.${purpose(error, key)}`, true) };
    }
    case 'if':
      return undefined;
    default: {
      // The names of keys are checked as values; `propertyNames` reports them.
      if (error.propertyName !== undefined) return undefined;
      return { code: manner.code, message: `${name} ${demand(error, manner)}`, pointer };
    }
  }
}

/** A value's type in words, or the value itself where it may be shown. */
function given(value: unknown, mayShow: boolean): string {
  switch (typeof value) {
    case 'string':
      return mayShow ? quoted(value) : 'text';
    case 'number':
      return mayShow ? String(value) : 'a number';
    case 'boolean':
      return mayShow ? String(value) : 'true or false';
    default:
      if (value === null || value === undefined) return 'nothing';
      return Array.isArray(value) ? 'a list' : 'a mapping';
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  null: 'empty',
};

function demand(error: ErrorObject, manner: Manner): string {
  const value: unknown = error.data;
  const mayShow = manner.mayShow(error.instancePath, value);
  const got = given(value, mayShow);
  const params = error.params as Readonly<Record<string, unknown>>;
  const limit = Number(params['limit']);
  switch (error.keyword) {
    case 'type':
      return `must be ${typeWords(params['type'])}; ${got} was given.${remedy(params['type'], value)}`;
    case 'enum':
    case 'const':
      return notAllowed(error, value, got, mayShow);
    case 'minimum':
    case 'exclusiveMinimum':
    case 'maximum':
    case 'exclusiveMaximum':
      return `must be ${COMPARISONS[String(params['comparison'])] ?? ''} ${limit}; ${got} was given.`;
    case 'minLength':
      if (value === '') return 'must not be empty.';
      return `must have at least ${plural(limit, 'character')}.`;
    case 'maxLength':
      return `must have at most ${plural(limit, 'character')}.`;
    case 'minItems':
      return `must list at least ${plural(limit, 'entry')}.`;
    case 'maxItems':
      return `must list at most ${plural(limit, 'entry')}.`;
    case 'uniqueItems':
      return 'lists the same entry twice.';
    case 'pattern': {
      const meaning = description(error.parentSchema);
      const form = meaning === '' ? ` It must match ${String(params['pattern'])}.` : meaning;
      return `does not have the right form${mayShow ? `; ${got} was given` : ''}.${form}`;
    }
    case 'anyOf':
    case 'oneOf':
      return `fits none of the forms that are allowed here; ${got} was given.${description(error.parentSchema)}`;
    default:
      return `${error.message ?? 'is not allowed'}.`;
  }
}

const COMPARISONS: Readonly<Record<string, string>> = {
  '>=': 'at least',
  '>': 'more than',
  '<=': 'at most',
  '<': 'less than',
};

function unknownKey(key: string, error: ErrorObject, pointer: string): string {
  const allowed = Object.keys((error.parentSchema?.['properties'] ?? {}) as object);
  const place = pointer === '' ? 'The configuration' : pathName(pointer);
  const list = allowed.length === 0 ? 'none' : allowed.join(', ');
  return `${place} has no key ${quoted(key)}.${didYouMean(key, allowed)} Allowed: ${list}.`;
}

function notAllowed(error: ErrorObject, value: unknown, got: string, mayShow: boolean): string {
  const params = error.params as { allowedValues?: unknown[]; allowedValue?: unknown };
  const allowed = (params.allowedValues ?? [params.allowedValue]).map(String);
  const suggestion = typeof value === 'string' && mayShow ? didYouMean(value, allowed) : '';
  return `must be ${orList(allowed)}; ${got} was given.${suggestion}`;
}

function remedy(type: unknown, value: unknown): string {
  const isScalar = typeof value === 'number' || typeof value === 'boolean';
  if (type === 'string' && isScalar) return ' Put it in quotes.';
  if (type === 'array' && (isScalar || typeof value === 'string')) {
    return ' Write a single entry as [entry].';
  }
  return '';
}

function purpose(error: ErrorObject, key: string): string {
  const properties = error.parentSchema?.['properties'] as Record<string, unknown> | undefined;
  if (properties === undefined || !Object.hasOwn(properties, key)) return '';
  return description(properties[key]);
}

function description(schema: unknown): string {
  const text = (schema as { description?: unknown } | undefined)?.description;
  return typeof text === 'string' ? ` ${text}` : '';
}

function typeWords(type: unknown): string {
  const types = Array.isArray(type) ? type.map(String) : String(type).split(',');
  // `nullable` only says that the property may be left empty.
  const named = types.length > 1 ? types.filter((one) => one !== 'null') : types;
  return orList(named.map((one) => TYPE_WORDS[one] ?? one));
}

function orList(words: readonly string[]): string {
  if (words.length <= 1) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}

function plural(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
}
