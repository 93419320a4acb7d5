import { demand } from './refusal.ts';
import type { Path } from './refusal.ts';
import { isObject } from './shape.ts';

/** What a vendor demands of a schema that it enforces. */
export interface ClosedSchemaRules {
  /** Keywords that it does not know. */
  readonly refused: readonly string[];
  /** Whether every property must be required. */
  readonly allRequired: boolean;
}

/**
 * Checks a schema that the answer is held to: every object is closed. Walked by the grammar of
 * schemas, never by key alone: a property may be called like a keyword.
 *
 * @throws Refusal
 */
export function checkClosedSchema(schema: unknown, path: Path, rules: ClosedSchemaRules): void {
  if (!isObject(schema)) return;
  for (const keyword of rules.refused) {
    demand(!(keyword in schema), path, `'${keyword}' is not permitted in a strict schema`);
  }
  const { properties, required, type } = schema;
  if (type === 'object' || properties !== undefined) {
    const isClosed = schema['additionalProperties'] === false;
    const message = "'additionalProperties' is required to be supplied and to be false";
    demand(isClosed, path, message);
  }
  if (rules.allRequired && isObject(properties)) {
    const names = Array.isArray(required) ? (required as unknown[]) : [];
    const missing = Object.keys(properties).find((name) => !names.includes(name));
    const message = `'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'`;
    demand(missing === undefined, path, message);
  }
  for (const key of ['properties', '$defs', 'definitions']) {
    const map = schema[key];
    if (!isObject(map)) continue;
    for (const [name, node] of Object.entries(map)) {
      checkClosedSchema(node, [...path, key, name], rules);
    }
  }
  checkClosedSchema(schema['items'], [...path, 'items'], rules);
  for (const key of ['anyOf', 'allOf']) {
    const branches = schema[key];
    if (!Array.isArray(branches)) continue;
    branches.forEach((node, at) => checkClosedSchema(node, [...path, key, at], rules));
  }
}
