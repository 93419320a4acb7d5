import { GatewayError } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';

/** Says that a field of the client's request is missing or malformed. */
export function fieldError(path: string, problem: string): GatewayError {
  return new GatewayError('CLIENT_BAD_REQUEST', `\`${path}\` ${problem}.`, {
    failure: { kind: 'bad-request', scope: 'request' },
  });
}

/** Says that what the client asks for can't be told to the target. */
export function unsupported(path: string, problem: string): GatewayError {
  return new GatewayError('CLIENT_UNSUPPORTED', `\`${path}\` ${problem}.`, {
    failure: { kind: 'bad-request', scope: 'request' },
  });
}

/** @throws GatewayError `CLIENT_BAD_REQUEST` unless the value is a string. */
export function stringAt(value: unknown, path: string): string {
  if (typeof value !== 'string') throw mustBe(path, 'a string', value);
  return value;
}

/** @throws GatewayError `CLIENT_BAD_REQUEST` unless the value is an object. */
export function objectAt(value: unknown, path: string): JsonObject {
  if (!isJsonObject(value)) throw mustBe(path, 'an object', value);
  return value;
}

/** @throws GatewayError `CLIENT_BAD_REQUEST` unless the value is an array. */
export function arrayAt(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw mustBe(path, 'an array', value);
  return value as readonly unknown[];
}

/** Absent and null are the same here. */
export function optional<T>(
  value: unknown,
  path: string,
  read: (value: unknown, path: string) => T,
): T | undefined {
  return value === undefined || value === null ? undefined : read(value, path);
}

/** @throws GatewayError `CLIENT_BAD_REQUEST` unless the value is true or false. */
export function booleanAt(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw mustBe(path, 'true or false', value);
  return value;
}

/** @throws GatewayError `CLIENT_BAD_REQUEST` unless the value is a number of the range. */
export function numberAt(min: number, max: number): (value: unknown, path: string) => number {
  return (value, path) => {
    if (typeof value !== 'number' || value < min || value > max) {
      throw mustBe(path, `a number from ${min} to ${max}`, value);
    }
    return value;
  };
}

/** @throws GatewayError `CLIENT_BAD_REQUEST` unless the value is a whole number above 0. */
export function countAt(value: unknown, path: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) {
    throw mustBe(path, 'a whole number above 0', value);
  }
  return value;
}

/** Says what was expected and what was found. */
export function mustBe(path: string, expected: string, value: unknown): GatewayError {
  return fieldError(path, `must be ${expected}, not ${shown(value)}`);
}

function shown(value: unknown): string {
  if (value === undefined) return 'absent';
  if (Array.isArray(value)) return 'an array';
  if (isJsonObject(value)) return 'an object';
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}
