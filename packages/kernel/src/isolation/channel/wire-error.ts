import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';
import type { Failure } from '@cliproxy/plugin-api';

/** An error on its way to another process. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  /** True: a {@link GatewayError}. */
  readonly ours?: boolean;
  readonly failure?: unknown;
  readonly cause?: WireError;
  /** It was no error; what it was, as text. */
  readonly bare?: boolean;
}

const MAX_TEXT = 8_000;
const MAX_CAUSES = 4;

/** What was thrown, as JSON. Never throws, whatever it is. */
export function errorToWire(thrown: unknown, depth = 0): WireError {
  try {
    return written(thrown, depth);
  } catch {
    return { name: 'an object', message: 'something that throws when it is looked at' };
  }
}

function written(thrown: unknown, depth: number): WireError {
  if (typeof thrown !== 'object' || thrown === null) {
    return { name: typeof thrown, message: String(thrown).slice(0, MAX_TEXT), bare: true };
  }
  const { name, message, code, stack, cause } = thrown as Readonly<Record<string, unknown>>;
  const ours = isGatewayError(thrown);
  return {
    name: text(name) ?? 'an object',
    message: text(message) ?? '',
    ...(text(code) === undefined ? {} : { code: text(code) as string }),
    ...(text(stack) === undefined ? {} : { stack: text(stack) as string }),
    ...(ours ? { ours, failure: thrown.failure } : {}),
    ...(cause === undefined || depth >= MAX_CAUSES ? {} : { cause: errorToWire(cause, depth + 1) }),
  };
}

/** The error again, as near as can be: name, code, failure and stack are those of the other side. */
export function errorFromWire(value: unknown, depth = 0): Error {
  const fields = (typeof value === 'object' && value !== null ? value : {}) as Partial<WireError>;
  const message = text(fields.message) ?? 'something that says nothing of itself';
  const told = depth >= MAX_CAUSES ? undefined : fields.cause;
  const cause = told === undefined ? undefined : errorFromWire(told, depth + 1);
  if (fields.ours === true && typeof fields.code === 'string') {
    const failure = fields.failure as Failure | null | undefined;
    const error = new GatewayError(fields.code, message, {
      ...(failure === undefined || failure === null ? {} : { failure }),
      ...(cause === undefined ? {} : { cause }),
    });
    return withStack(error, fields.stack);
  }
  const error = new Error(message, cause === undefined ? undefined : { cause });
  if (typeof fields.name === 'string') define(error, 'name', fields.name);
  if (typeof fields.code === 'string') define(error, 'code', fields.code);
  return withStack(error, fields.stack);
}

function withStack<T extends Error>(error: T, stack: unknown): T {
  // That of this side leads nowhere near the fault.
  define(error, 'stack', text(stack) ?? `${error.name}: ${error.message}`);
  return error;
}

function define(error: Error, key: string, value: string): void {
  Object.defineProperty(error, key, {
    value,
    configurable: true,
    writable: true,
    enumerable: key === 'code',
  });
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : undefined;
}
