import type { Part, TextPart, ToolCallPart, Turn } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { arrayAt, fieldError, mustBe, objectAt, stringAt } from './field-path.ts';
import { decodeAudio, decodeFile, decodeImage } from './media.ts';
import type { FieldPath, NestedExtras } from './nested-extras.ts';
import { readCallSignature, readReasoning } from './reasoning-details.ts';

/** Who made an opaque value that carries no tag: no more than the dialect is known. */
const ORIGIN = 'openai-chat';

/**
 * Reads the conversation: one turn per message, so that what is put back later finds its place.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field by its path.
 */
export function decodeMessages(value: unknown, extras: NestedExtras): readonly Turn[] {
  const messages = arrayAt(value, 'messages');
  if (messages.length === 0) throw fieldError('messages', 'must hold at least one message');
  // Calls of the legacy form have no id: they are paired with their results by name.
  const legacyCalls = new Map<string, string>();
  return messages.map((message, i) => {
    const path = `messages[${i}]`;
    return decodeMessage(objectAt(message, path), { path, i, extras, legacyCalls });
  });
}

interface Place {
  readonly path: string;
  readonly i: number;
  readonly extras: NestedExtras;
  readonly legacyCalls: Map<string, string>;
}

function decodeMessage(message: JsonObject, place: Place): Turn {
  const { path, i, extras } = place;
  const { role } = message;
  const known = typeof role === 'string' && Object.hasOwn(KNOWN, role) ? KNOWN[role] : undefined;
  if (known !== undefined) extras.addUnknown(['messages', i], message, known);
  switch (role) {
    case 'system':
    case 'developer':
      return { role, parts: decodeContent(message.content, TEXT_ONLY, place) };
    case 'user':
      return { role: 'user', parts: decodeContent(message.content, USER_PARTS, place) };
    case 'assistant':
      return { role: 'assistant', parts: decodeAssistant(message, place) };
    case 'tool':
      return result(stringAt(message.tool_call_id, `${path}.tool_call_id`), message, place);
    case 'function': {
      const name = stringAt(message.name, `${path}.name`);
      const callId = place.legacyCalls.get(name);
      if (callId === undefined) {
        throw fieldError(`${path}.name`, `is "${name}", which no earlier function_call names`);
      }
      return result(callId, message, place);
    }
    default:
      throw mustBe(
        `${path}.role`,
        Object.keys(KNOWN)
          .join(', ')
          .replace(/, (\w+)$/, ' or $1'),
        role,
      );
  }
}

const KNOWN: Readonly<Record<string, readonly string[]>> = {
  system: ['role', 'content'],
  developer: ['role', 'content'],
  user: ['role', 'content'],
  assistant: [
    'role',
    'content',
    'refusal',
    'tool_calls',
    'function_call',
    'reasoning_content',
    'reasoning',
    'reasoning_details',
  ],
  tool: ['role', 'content', 'tool_call_id'],
  function: ['role', 'content', 'name'],
};

function result(callId: string, message: JsonObject, place: Place): Turn {
  const content = message.content === null ? [] : decodeContent(message.content, TEXT_ONLY, place);
  return { role: 'user', parts: [{ type: 'tool-result', callId, content }] };
}

function decodeAssistant(message: JsonObject, place: Place): readonly Part[] {
  const { path, i } = place;
  const parts: Part[] = readReasoning(message, ORIGIN);
  if (message.content !== undefined && message.content !== null) {
    parts.push(...decodeContent(message.content, ASSISTANT_PARTS, place));
  }
  if (typeof message.refusal === 'string' && message.refusal !== '') {
    parts.push({ type: 'refusal', text: message.refusal });
  }
  if (message.tool_calls !== undefined && message.tool_calls !== null) {
    for (const [k, call] of arrayAt(message.tool_calls, `${path}.tool_calls`).entries()) {
      const callPath = `${path}.tool_calls[${k}]`;
      parts.push(decodeCall(objectAt(call, callPath), callPath));
    }
  }
  if (message.function_call !== undefined && message.function_call !== null) {
    const at = `${path}.function_call`;
    const legacy = readFunction(objectAt(message.function_call, at), at);
    const id = `call_message_${i}`;
    place.legacyCalls.set(legacy.name, id);
    parts.push({ type: 'tool-call', id, ...legacy });
  }
  return parts;
}

function decodeCall(call: JsonObject, path: string): ToolCallPart {
  const id = stringAt(call.id, `${path}.id`);
  const opaque = readCallSignature(call, ORIGIN);
  const signed = opaque === undefined ? {} : { opaque };
  if (call.type === 'custom') {
    const custom = objectAt(call.custom, `${path}.custom`);
    const name = stringAt(custom.name, `${path}.custom.name`);
    const argumentsJson = stringAt(custom.input, `${path}.custom.input`);
    return { type: 'tool-call', kind: 'custom', id, name, argumentsJson, ...signed };
  }
  if (call.type !== undefined && call.type !== 'function') {
    throw mustBe(`${path}.type`, 'function or custom', call.type);
  }
  const at = `${path}.function`;
  return { type: 'tool-call', id, ...readFunction(objectAt(call.function, at), at), ...signed };
}

function readFunction(
  call: JsonObject,
  path: string,
): { readonly name: string; readonly argumentsJson: string } {
  const name = stringAt(call.name, `${path}.name`);
  const given = call.arguments;
  // Invalid JSON is kept as it is: it is what the model wrote.
  if (isJsonObject(given)) return { name, argumentsJson: JSON.stringify(given) };
  const text = given === undefined || given === null ? '' : stringAt(given, `${path}.arguments`);
  return { name, argumentsJson: text.trim() === '' ? '{}' : text };
}

type PartReader = (part: JsonObject, path: string) => Part;

/** A kind of content part, and the members of it that are read. */
type PartReaders = Readonly<
  Record<
    string,
    { readonly read: PartReader; readonly known: Readonly<Record<string, readonly string[]>> }
  >
>;

const text: PartReader = (part, path): TextPart => ({
  type: 'text',
  text: stringAt(part.text, `${path}.text`),
});

const TEXT_ONLY: PartReaders = { text: { read: text, known: { text: [] } } };

const ASSISTANT_PARTS: PartReaders = {
  ...TEXT_ONLY,
  refusal: {
    read: (part, path) => ({ type: 'refusal', text: stringAt(part.refusal, `${path}.refusal`) }),
    known: { refusal: [] },
  },
};

const USER_PARTS: PartReaders = {
  ...TEXT_ONLY,
  image_url: { read: decodeImage, known: { image_url: ['url', 'detail'] } },
  input_audio: { read: decodeAudio, known: { input_audio: ['data', 'format'] } },
  file: { read: decodeFile, known: { file: ['file_data', 'file_id'] } },
};

function decodeContent(content: unknown, readers: PartReaders, place: Place): readonly Part[] {
  const path = `${place.path}.content`;
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  if (!Array.isArray(content)) throw mustBe(path, 'a string or an array of parts', content);
  const parts: Part[] = [];
  for (const [j, value] of content.entries()) {
    const partPath = `${path}[${j}]`;
    const source = objectAt(value, partPath);
    const type = stringAt(source.type, `${partPath}.type`);
    const reader = Object.hasOwn(readers, type) ? readers[type] : undefined;
    if (reader === undefined) {
      const known = Object.keys(readers).join(', ');
      throw mustBe(`${partPath}.type`, `one of ${known} in this message`, type);
    }
    const part = reader.read(source, partPath);
    if ('text' in part && part.text === '') continue;
    collectRest(source, reader.known, ['messages', place.i, 'content', parts.length], place.extras);
    parts.push(part);
  }
  return parts;
}

function collectRest(
  part: JsonObject,
  known: Readonly<Record<string, readonly string[]>>,
  path: FieldPath,
  extras: NestedExtras,
): void {
  for (const key in part) {
    if (key === 'type') continue;
    const members = Object.hasOwn(known, key) ? known[key] : undefined;
    const value = part[key];
    if (members === undefined) extras.add([...path, key], value);
    else if (isJsonObject(value)) extras.addUnknown([...path, key], value, members);
  }
}
