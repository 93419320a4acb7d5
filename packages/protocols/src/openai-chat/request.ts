import type { Capability, HeaderMap } from '@cliproxy/plugin-api';
import type { RequestCodec } from '../codec/request-codec.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { decodeRequest } from './request-decode.ts';
import { encodeRequest } from './request-encode.ts';

/**
 * Requests of the dialect.
 *
 * @see https://platform.openai.com/docs/api-reference/chat/create
 */
export const request: RequestCodec = {
  decode: decodeRequest,
  encode: encodeRequest,
  needs(body) {
    const { messages, response_format: format, reasoning_effort: effort } = body;
    const list = Array.isArray(messages) ? messages.filter(isJsonObject) : [];
    const needs: Capability[] = [];
    if (isFilled(body.tools) || isFilled(body.functions)) needs.push('tools');
    if (list.some(holdsImage)) needs.push('images');
    if (isJsonObject(format) && format.type === 'json_schema') needs.push('json-schema');
    if (typeof effort === 'string' && effort !== 'none') needs.push('reasoning');
    if (list.some(({ role }) => role === 'system' || role === 'developer')) needs.push('system');
    if (list.some(({ role }) => role === 'assistant')) needs.push('multi-turn');
    return needs;
  },
  sessionKey: openAiSession,
};

/**
 * `prompt_cache_key`, which OpenAI documents for requests with a common beginning, else the header
 * `x-session-affinity`, `session-id` or `session_id`, by which coding agents name their session.
 */
export function openAiSession(body: JsonObject, headers: HeaderMap): string | undefined {
  const { prompt_cache_key: key } = body;
  if (typeof key === 'string' && key !== '') return key;
  return (
    header(headers, 'x-session-affinity') ??
    header(headers, 'session-id') ??
    header(headers, 'session_id')
  );
}

function isFilled(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

function holdsImage({ content }: JsonObject): boolean {
  return (
    Array.isArray(content) &&
    content.some((part) => isJsonObject(part) && part.type === 'image_url')
  );
}

function header(headers: HeaderMap, name: string): string | undefined {
  const value = headers[name];
  const first = typeof value === 'string' ? value : value?.[0];
  return first === '' ? undefined : first;
}
