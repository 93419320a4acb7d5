import type { Problem } from './problem.ts';

/** Checks values against JSON Schemas. Implemented by the configuration package. */
export interface SchemaChecker {
  /**
   * Checks a copy of `value`, with the schema's defaults filled in.
   *
   * @param schema - a JSON Schema (draft-07).
   * @param pointer - JSON pointer of `value` within the configuration, put before each problem's own.
   */
  check(
    schema: object,
    value: unknown,
    pointer: string,
  ): { readonly value: unknown; readonly problems: readonly Problem[] };
}
