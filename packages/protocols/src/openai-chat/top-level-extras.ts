import type { Json } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import { fieldError } from './field-path.ts';

/** What is known of a dialect's top-level parameters. */
export interface KnownParameters {
  /** Read elsewhere. */
  readonly canonical: ReadonlySet<string>;
  /** Values that ask for nothing. */
  readonly idle: Readonly<Record<string, Json>>;
  /** For extras that most upstreams read: a wrong type is told here, by its name. */
  readonly checks: Readonly<Record<string, (value: unknown, path: string) => unknown>>;
}

/**
 * Puts the parameters that have no canonical name into `fields`, the fields of a request's extras.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the parameter.
 */
export function collectExtras(
  body: JsonObject,
  fields: Record<string, Json>,
  { canonical, idle, checks }: KnownParameters,
): void {
  for (const key in body) {
    const value = body[key];
    if (canonical.has(key) || value === null || value === undefined) continue;
    if (Object.hasOwn(idle, key) && idle[key] === value) continue;
    // Such names are those of extras below the top level.
    if (key.includes('.') || key.includes('[')) {
      throw fieldError(key, 'is no parameter of this API');
    }
    if (Object.hasOwn(checks, key)) checks[key]?.(value, key);
    fields[key] = value as Json;
  }
}
