import type { ServiceKind } from '../config.ts';
import { isObject } from '../json-object.ts';
import type { JsonObject } from '../json-object.ts';
import { flattened } from './flattened.ts';
import { g4fTools } from './g4f-tools.ts';
import { withFiles } from './with-files.ts';

/**
 * A request of Chat Completions as a kind of service understands it.
 *
 * @throws GatewayError `CLIENT_UNSUPPORTED` for what it can't be told.
 */
export function adaptBody(kind: ServiceKind, body: Buffer): Buffer {
  if (kind === 'plain') return body;
  const request: unknown = JSON.parse(body.toString());
  if (!isObject(request)) return body;
  return Buffer.from(JSON.stringify(adapted(kind, request)));
}

function adapted(kind: Exclude<ServiceKind, 'plain'>, request: JsonObject): JsonObject {
  const messages = messagesIn(request);
  switch (kind) {
    case 'legacy': {
      const { model, stream } = request;
      const content = flattened(messages);
      return { model, messages: [{ role: 'user', content }], ...(stream === true && { stream }) };
    }
    case 'webai':
      return { ...request, messages: messages.map(asSystem).map(withFiles) };
    case 'g4f':
      return { ...request, messages: messages.map(asSystem), ...g4fTools(request) };
  }
}

function messagesIn({ messages }: JsonObject): readonly JsonObject[] {
  return Array.isArray(messages) ? (messages as readonly unknown[]).filter(isObject) : [];
}

/** A role that these services don't know; WebAI-to-API would leave the message out. */
function asSystem(message: JsonObject): JsonObject {
  return message['role'] === 'developer' ? { ...message, role: 'system' } : message;
}
