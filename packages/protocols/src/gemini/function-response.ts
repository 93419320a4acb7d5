import type { Part, ToolResultPart } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { arrayAt, objectAt, optional, stringAt } from '../openai-chat/field-path.ts';
import type { CallIds } from './call-ids.ts';
import { camelKeys } from './field-names.ts';
import { readBlob, readFile } from './media.ts';

/**
 * Reads a `functionResponse`. By custom, `output` or `result` alone is the output, `error` alone a
 * failure; any other object is the output itself.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field by its path.
 */
export function readResult(response: JsonObject, path: string, ids: CallIds): ToolResultPart {
  const id = optional(response.id, `${path}.id`, stringAt);
  const name = optional(response.name, `${path}.name`, stringAt) ?? '';
  const told = optional(response.response, `${path}.response`, objectAt);
  const media = (optional(response.parts, `${path}.parts`, arrayAt) ?? []).map((item, i) =>
    readMedia(item, `${path}.parts[${i}]`),
  );
  const isError = told !== undefined && 'error' in told && Object.keys(told).length === 1;
  return {
    type: 'tool-result',
    callId: ids.result(id === '' ? undefined : id, name),
    content: [...(told === undefined ? [] : outputOf(told)), ...media],
    ...(isError ? { isError } : {}),
  };
}

/**
 * A result as the `response` object, which the API demands.
 *
 * @param native - the result came in this dialect: its text may be an object that was read here.
 */
export function writeOutput(text: string, isError: boolean, native: boolean): JsonObject {
  if (isError) return { error: text };
  if (!native || !text.startsWith('{')) return { output: text };
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : { output: text };
  } catch {
    return { output: text };
  }
}

function outputOf(told: JsonObject): readonly Part[] {
  const [key, ...more] = Object.keys(told);
  if (key === undefined) return [];
  const value = more.length === 0 && ALONE.has(key) ? told[key] : told;
  const text = typeof value === 'string' ? value : JSON.stringify(key === 'error' ? value : told);
  return [{ type: 'text', text }];
}

const ALONE: ReadonlySet<string> = new Set(['output', 'result', 'error']);

function readMedia(item: unknown, path: string): Part {
  const part = camelKeys(objectAt(item, path));
  return part.fileData === undefined
    ? readBlob(camelKeys(objectAt(part.inlineData, `${path}.inlineData`)), `${path}.inlineData`)
    : readFile(camelKeys(objectAt(part.fileData, `${path}.fileData`)), `${path}.fileData`);
}
