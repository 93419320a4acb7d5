import { errorFromWire } from './wire-error.ts';

/** A log line's fields again, as they came over the border: errors are errors. */
export function fieldsOf(fields: unknown): object | undefined {
  if (typeof fields !== 'object' || fields === null) return undefined;
  return revived(fields) as object;
}

function revived(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(revived);
  if ('$error' in value) return errorFromWire(value.$error);
  return Object.fromEntries(
    Object.entries(value).map(([key, one]: [string, unknown]) => [key, revived(one)]),
  );
}
