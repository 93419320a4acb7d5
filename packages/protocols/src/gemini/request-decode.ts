import type { Json, ModelRequest } from '@cliproxy/plugin-api';
import { collectLeftovers } from '../anthropic-messages/leftovers.ts';
import type { JsonObject } from '../model/json-object.ts';
import { optional } from '../openai-chat/field-path.ts';
import { decodeContents, decodeSystem } from './content-decode.ts';
import { camelKeys } from './field-names.ts';
import { decodeGeneration } from './generation-config.ts';
import { decodeTools } from './tool-decode.ts';

/**
 * Reads a client's request; model and stream stand in the path. Fields are read in camelCase and
 * snake_case; null counts as absent. What has no canonical name goes into the extras, in camelCase:
 * whole fields by their name, parts of contents with their place.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field by its path.
 * @see https://ai.google.dev/api/generate-content
 */
export function decodeRequest(
  source: JsonObject,
  hints: { readonly model: string; readonly stream: boolean },
): ModelRequest {
  const body = camelKeys(source);
  const leftovers = collectLeftovers();
  const fields: Record<string, Json> = {};
  const system = optional(body.systemInstruction, 'systemInstruction', (value) =>
    decodeSystem(value, leftovers),
  );
  const before = system === undefined ? [] : [system];
  const turns = decodeContents(body.contents, before.length, leftovers);
  const wishes = decodeTools(body, leftovers, fields);
  const generation = decodeGeneration(body.generationConfig, fields);
  for (const [key, value] of Object.entries(body)) {
    if (!CANONICAL.has(key) && value !== null && value !== undefined) fields[key] = value as Json;
  }
  return {
    model: hints.model,
    stream: hints.stream,
    turns: [...before, ...turns],
    ...wishes,
    ...generation,
    extras: { dialect: 'gemini', fields: { ...fields, ...leftovers.fields } },
  };
}

const CANONICAL: ReadonlySet<string> = new Set([
  // Some clients repeat what the path says.
  'model',
  'contents',
  'systemInstruction',
  'tools',
  'toolConfig',
  'generationConfig',
  '__proto__',
]);
