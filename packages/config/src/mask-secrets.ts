import { isSecret, mayHoldSecret, walkSchema } from './schema-walk.ts';
import type { SchemaPlace } from './schema-walk.ts';

const MASK = '***';

/**
 * A copy with `***` in place of what the schema marks `writeOnly`. A value that doesn't have the
 * form of its schema is masked where the schema speaks of secrets.
 */
export function maskSecrets(schema: object, value: unknown): unknown {
  const visit = (inner: unknown, place: SchemaPlace): unknown => {
    if (isSecret(place)) return maskAll(inner);
    if (typeof inner !== 'object' || inner === null) return mayHoldSecret(place) ? MASK : inner;
    if (Array.isArray(inner)) return inner.map((item, index) => visit(item, place.child(index)));
    return Object.fromEntries(
      Object.entries(inner).map(([key, item]) => [key, visit(item, place.child(key))]),
    );
  };
  return visit(value, walkSchema(schema));
}

/** A copy with `***` in place of every scalar. */
export function maskAll(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return MASK;
  if (Array.isArray(value)) return value.map(maskAll);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, maskAll(item)]));
}
