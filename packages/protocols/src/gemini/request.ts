import type { Capability } from '@cliproxy/plugin-api';
import type { RequestCodec } from '../codec/request-codec.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { camelKeys } from './field-names.ts';
import { decodeRequest } from './request-decode.ts';
import { encodeRequest } from './request-encode.ts';

/** Requests of the dialect. */
export const request: RequestCodec = {
  decode: decodeRequest,
  encode: encodeRequest,
  needs,
  /** What is kept at the vendor is kept for one account. */
  sessionKey(body) {
    const { cachedContent } = camelKeys(body);
    return typeof cachedContent === 'string' && cachedContent !== '' ? cachedContent : undefined;
  },
};

/** Thinking is no need: a model that can't still answers. */
function needs(source: JsonObject): readonly Capability[] {
  const body = camelKeys(source);
  const contents = listOf(body.contents);
  const config = isJsonObject(body.generationConfig) ? camelKeys(body.generationConfig) : {};
  const needed: Record<string, boolean> = {
    system: body.systemInstruction !== undefined && body.systemInstruction !== null,
    tools: listOf(body.tools).some((tool) => camelKeys(tool).functionDeclarations !== undefined),
    images: contents.some(({ parts }) => listOf(parts).some(isImage)),
    'json-schema': isJsonObject(config.responseSchema) || isJsonObject(config.responseJsonSchema),
    'multi-turn': contents.some(({ role }) => role === 'model'),
  };
  return Object.keys(needed).filter((name): name is Capability => needed[name] === true);
}

function isImage(part: JsonObject): boolean {
  const { inlineData, fileData } = camelKeys(part);
  const media = isJsonObject(inlineData) ? inlineData : fileData;
  if (!isJsonObject(media)) return false;
  const { mimeType } = camelKeys(media);
  return typeof mimeType === 'string' && mimeType.toLowerCase().startsWith('image/');
}

function listOf(value: unknown): readonly JsonObject[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter(isJsonObject);
}
