import type { Capability } from '@cliproxy/plugin-api';
import type { RequestCodec } from '../codec/request-codec.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { decodeRequest } from './request-decode.ts';
import { encodeRequest } from './request-encode.ts';

/** Requests of the dialect. */
export const request: RequestCodec = {
  decode: decodeRequest,
  encode: encodeRequest,
  needs,
  sessionKey: (body) => sessionOf(body.metadata),
};

/**
 * Thinking is no need: clients switch it on for every model, and one that can't think still answers.
 */
function needs(body: JsonObject): readonly Capability[] {
  const messages = listOf(body.messages);
  const format = isJsonObject(body.output_config) ? body.output_config.format : body.output_format;
  const needed: Record<string, boolean> = {
    system: body.system !== undefined && body.system !== null && body.system !== '',
    tools: listOf(body.tools).length > 0,
    images: messages.some(({ content }) => holdsImage(content)),
    'json-schema': isJsonObject(format) && format.type === 'json_schema',
    'multi-turn': messages.some(({ role }) => role === 'assistant'),
  };
  return Object.keys(needed).filter((name): name is Capability => needed[name] === true);
}

function holdsImage(content: unknown): boolean {
  return listOf(content).some(
    ({ type, content: inner }) => type === 'image' || (type === 'tool_result' && holdsImage(inner)),
  );
}

/**
 * Coding agents write their session's id into the one field that is meant for opaque ids: as a part
 * of it, or as JSON. An id without a session names a user, not a conversation.
 */
function sessionOf(metadata: unknown): string | undefined {
  const userId = isJsonObject(metadata) ? metadata.user_id : undefined;
  if (typeof userId !== 'string') return undefined;
  const part = /(?:^|_)session_([\w-]{8,128})$/.exec(userId)?.[1];
  if (part !== undefined || !userId.startsWith('{')) return part;
  return /"session_id"\s*:\s*"([\w-]{8,128})"/.exec(userId)?.[1];
}

function listOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
