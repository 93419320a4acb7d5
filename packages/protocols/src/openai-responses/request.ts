import type { Capability } from '@cliproxy/plugin-api';
import type { RequestCodec } from '../codec/request-codec.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { openAiSession } from '../openai-chat/request.ts';
import { decodeRequest } from './request-decode.ts';
import { encodeRequest } from './request-encode.ts';
import { requestEcho } from './response-object.ts';

/**
 * Requests of the dialect.
 *
 * @see https://platform.openai.com/docs/api-reference/responses/create
 */
export const request: RequestCodec = {
  decode: decodeRequest,
  encode: encodeRequest,
  needs(body) {
    const { input, text, reasoning } = body;
    const items = Array.isArray(input) ? input.filter(isJsonObject) : [];
    const format = isJsonObject(text) ? text.format : undefined;
    const effort = isJsonObject(reasoning) ? reasoning.effort : undefined;
    const needs: Capability[] = [];
    if (isFilled(body.tools) || items.some(({ tools }) => isFilled(tools))) needs.push('tools');
    if (items.some(holdsImage)) needs.push('images');
    if (isJsonObject(format) && format.type === 'json_schema') needs.push('json-schema');
    if (typeof effort === 'string' && effort !== 'none') needs.push('reasoning');
    if (
      isText(body.instructions) ||
      items.some(({ role }) => role === 'system' || role === 'developer')
    ) {
      needs.push('system');
    }
    if (items.some(isAnswer)) needs.push('multi-turn');
    return needs;
  },
  sessionKey: openAiSession,
  echo: requestEcho,
};

function isFilled(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** In a message, or in what a tool answered. */
function holdsImage({ content, output }: JsonObject): boolean {
  return [content, output].some(
    (parts) =>
      Array.isArray(parts) &&
      parts.some((part) => isJsonObject(part) && part.type === 'input_image'),
  );
}

function isAnswer({ type, role }: JsonObject): boolean {
  return role === 'assistant' || type === 'function_call' || type === 'custom_tool_call';
}
