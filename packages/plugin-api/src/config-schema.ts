import type { JSONSchemaType } from 'ajv';

/** A plugin's configuration: its JSON Schema, tied to its TypeScript type. */
export interface ConfigSchema<C> {
  readonly json: JSONSchemaType<C>;
  /** Carries the type; never present. */
  readonly __type?: C;
}

/**
 * Ties a JSON Schema to a type: the compiler reports a property that the schema misses or types
 * otherwise. Mark secrets `writeOnly: true`: they are masked wherever configuration is printed.
 * Set `additionalProperties: false`, so that a misspelt key is named. An optional property needs
 * `nullable: true`. `examples`, beside `properties`, are configurations as operators write them; the
 * checks of a plugin begin with the first.
 */
export function configSchema<C>(json: JSONSchemaType<C>): ConfigSchema<C> {
  return Object.freeze({ json });
}
