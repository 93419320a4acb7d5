/** A parsed JSON object of unknown content. */
export type JsonObject = { readonly [key: string]: unknown };

/** Narrows a parsed value to an object (not an array, not null). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
