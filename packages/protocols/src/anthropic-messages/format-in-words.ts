import type { Json, OutputFormat } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';

/** Asks for JSON in words, where a model can't be bound to it. */
export function formatInWords(output: OutputFormat): string {
  if (output.type === 'json') return only('one JSON object');
  const what = isOfObjects(output.schema) ? 'one JSON object' : 'JSON';
  return `${only(what)} It must match this JSON Schema:\n${JSON.stringify(output.schema)}`;
}

function only(what: string): string {
  return `Answer with ${what} and nothing else: no other text, no code fence.`;
}

/** Whether a schema says that what it describes is an object. */
export function isOfObjects(schema: Json): boolean {
  return isJsonObject(schema) && schema.type === 'object';
}
