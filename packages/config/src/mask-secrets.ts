import { isSecret, mayHoldSecret, walkSchema } from './schema-walk.ts';
import type { SchemaPlace } from './schema-walk.ts';

const MASK = '***';

/** A value with its secrets taken out. */
export interface Masked {
  /** A copy with `***` in place of each secret. */
  readonly value: unknown;
  /** The texts that were replaced. */
  readonly secrets: readonly string[];
}

/**
 * Masks what a schema marks `writeOnly`. A value that doesn't have the form of its schema is masked
 * as a whole where the schema speaks of secrets there.
 */
export function maskSecrets(schema: object, value: unknown): Masked {
  const secrets: string[] = [];
  const visit = (inner: unknown, place: SchemaPlace): unknown => {
    if (isSecret(place)) return mask(inner, secrets);
    if (typeof inner !== 'object' || inner === null) {
      return mayHoldSecret(place) ? mask(inner, secrets) : inner;
    }
    if (Array.isArray(inner)) return inner.map((item, index) => visit(item, place.child(index)));
    return Object.fromEntries(
      Object.entries(inner).map(([key, item]) => [key, visit(item, place.child(key))]),
    );
  };
  return { value: visit(value, walkSchema(schema)), secrets };
}

/** Masks every scalar below. */
export function maskAll(value: unknown): unknown {
  return mask(value, []);
}

function mask(value: unknown, secrets: string[]): unknown {
  if (typeof value === 'string' && value !== '') secrets.push(value);
  if (typeof value !== 'object' || value === null) return MASK;
  if (Array.isArray(value)) return value.map((item) => mask(item, secrets));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mask(item, secrets)]));
}
