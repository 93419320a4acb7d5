import { GatewayError } from '@cliproxy/plugin-api';
import type { JsonSchema } from '../schemas/json-schema.ts';

/** The parameters of a query. Each is checked against its schema when it is asked for. */
export interface Query {
  /**
   * The parameter's text; undefined where it is absent or empty.
   *
   * @throws GatewayError `CLIENT_BAD_REQUEST`
   */
  text(name: string): string | undefined;
  /**
   * The parameter as a whole number.
   *
   * @throws GatewayError `CLIENT_BAD_REQUEST`
   */
  count(name: string): number | undefined;
}

/**
 * Reads a query.
 *
 * @param schema - of an object that has the parameters as its properties.
 */
export function readQuery(schema: JsonSchema, query: string): Query {
  const given = new URLSearchParams(query);
  const value = (name: string): string | undefined => {
    const text = given.get(name) ?? '';
    if (text !== '') return text;
    if (schema.required?.includes(name) === true) {
      throw bad(`the query names no ${name}; add ?${name}=…`);
    }
    return undefined;
  };
  return {
    text(name) {
      const text = value(name);
      const allowed = schema.properties?.[name]?.enum;
      if (text === undefined || allowed === undefined || allowed.includes(text)) return text;
      throw bad(`${name} ${shown(text)} is not one of ${allowed.join(', ')}`);
    },
    count(name) {
      const text = value(name);
      if (text === undefined) return undefined;
      const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = schema.properties?.[name] ?? {};
      const count = Number(text);
      if (Number.isInteger(count) && count >= minimum && count <= maximum) return count;
      throw bad(`${name} ${shown(text)} is not a whole number from ${minimum} to ${maximum}`);
    },
  };
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}

function bad(message: string): GatewayError {
  return new GatewayError('CLIENT_BAD_REQUEST', message);
}
