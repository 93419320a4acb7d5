import { createHash } from 'node:crypto';
import type {
  Dialect,
  MediaPart,
  ModelRequest,
  Part,
  ReasoningPart,
  ToolCallPart,
  ToolResultPart,
  Turn,
} from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import { freeTextInput } from '../anthropic-messages/tool-arguments.ts';
import type { JsonObject } from '../model/json-object.ts';
import { wishNames } from '../model/wish-names.ts';
import { unsupported } from './field-path.ts';
import { encodeMedia } from './media.ts';
import { modelTraits } from './model-traits.ts';
import { writeCallSignature, writeDetail } from './reasoning-details.ts';

interface Scope {
  readonly messages: JsonObject[];
  /** Media of tool results: Chat's tool messages take text alone. */
  readonly waiting: JsonObject[];
  readonly legalName: (name: string) => string;
  readonly customTools: ReadonlySet<string>;
  /** OpenAI's own models refuse reasoning in messages, and alone know calls of type `custom`. */
  readonly isOpenAi: boolean;
  /** Who may get an opaque part back. */
  readonly origins: readonly string[];
  /** The client's dialect. */
  readonly from: Dialect;
}

/**
 * Writes the conversation. Text alone is one string, which every server takes; a turn's tool
 * results come first, and their media in a user message after all results of the batch.
 *
 * @throws GatewayError `CLIENT_UNSUPPORTED` for media that Chat has no part for.
 */
export function encodeMessages(
  request: ModelRequest,
  target: EncodeTarget,
  legalName: (name: string) => string,
): JsonObject[] {
  const scope: Scope = {
    messages: [],
    waiting: [],
    legalName,
    customTools: new Set(request.tools.filter(({ kind }) => kind === 'custom').map((t) => t.name)),
    isOpenAi: modelTraits(target.model).isOpenAi,
    origins: [`${target.instanceId}/${target.model}`, 'openai-chat'],
    from: request.extras.dialect,
  };
  for (const turn of request.turns) encodeTurn(turn, scope);
  flushMedia([], scope);
  return scope.messages;
}

function encodeTurn(turn: Turn, scope: Scope): void {
  switch (turn.role) {
    case 'system':
    case 'developer':
      flushMedia([], scope);
      scope.messages.push({
        role: turn.role,
        content: plainText(turn.parts, turn.role, scope.from),
      });
      return;
    case 'assistant':
      flushMedia([], scope);
      scope.messages.push(encodeAssistant(turn.parts, scope));
      return;
    case 'user':
      encodeUser(turn.parts, scope);
  }
}

function encodeUser(parts: readonly Part[], scope: Scope): void {
  const rest: Part[] = [];
  let results = 0;
  for (const part of parts) {
    if (part.type === 'tool-result') {
      // A result after a question's text belongs to the calls before it all the same.
      scope.messages.push(encodeResult(part, scope));
      results += 1;
    } else rest.push(part);
  }
  if (rest.length > 0 || results === 0) flushMedia(rest, scope, true);
}

/** Writes the waiting media and the parts as one user message. */
function flushMedia(parts: readonly Part[], scope: Scope, evenIfEmpty = false): void {
  const waiting = scope.waiting.splice(0);
  if (waiting.length === 0 && parts.length === 0 && !evenIfEmpty) return;
  const content =
    waiting.length === 0 && parts.every(isText)
      ? plainText(parts, 'user', scope.from)
      : [...waiting, ...parts.map((part) => encodePart(part, scope))];
  scope.messages.push({ role: 'user', content });
}

function encodePart(part: Part, scope: Scope): JsonObject {
  if (part.type === 'media') return encodeMedia(part, scope.from);
  if (isText(part)) return { type: 'text', text: part.text };
  const problem = `holds a ${part.type} in a user's turn, which Chat can't carry`;
  throw unsupported(wishNames.conversation[scope.from], problem);
}

function encodeResult(result: ToolResultPart, scope: Scope): JsonObject {
  const media = result.content.filter((part): part is MediaPart => part.type === 'media');
  const texts = result.content.filter(isText).map(({ text }) => text);
  if (media.length > 0) {
    scope.waiting.push(
      { type: 'text', text: `Content of the result of tool call ${callId(result.callId)}:` },
      ...media.map((part) => encodeMedia(part, scope.from)),
    );
    texts.push('(The content follows in the next user message.)');
  }
  return {
    role: 'tool',
    tool_call_id: callId(result.callId),
    content: marked(texts.join('\n\n'), result.isError === true),
  };
}

/** OpenAI's dialects have no flag for a tool's failure: the text must say it. */
export function marked(text: string, isError: boolean): string {
  if (!isError || /^\W*(?:error|exception|failed)/i.test(text)) return text;
  return text === '' ? 'Error' : `Error: ${text}`;
}

function encodeAssistant(parts: readonly Part[], scope: Scope): JsonObject {
  const content = parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
  const refusal = parts.map((part) => (part.type === 'refusal' ? part.text : '')).join('');
  const calls = parts.filter((part): part is ToolCallPart => part.type === 'tool-call');
  if (parts.some(({ type }) => type === 'media')) {
    const problem = "holds media in an assistant's turn, which Chat can't carry";
    throw unsupported(wishNames.conversation[scope.from], problem);
  }
  return {
    role: 'assistant',
    content: content === '' && (calls.length > 0 || refusal !== '') ? null : content,
    ...(refusal === '' ? {} : { refusal }),
    ...encodeReasoning(parts, scope),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map((call) => encodeCall(call, scope)) }),
  };
}

function encodeReasoning(parts: readonly Part[], scope: Scope): JsonObject {
  if (scope.isOpenAi) return {};
  const blocks = parts.filter((part): part is ReasoningPart => part.type === 'reasoning');
  const text = blocks.map((block) => block.text).join('');
  const details = blocks.flatMap(({ text: signed, opaque }, i) =>
    opaque !== undefined && scope.origins.includes(opaque.origin)
      ? [writeDetail(signed, opaque.value, i)]
      : [],
  );
  return {
    ...(text === '' ? {} : { reasoning_content: text }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
  };
}

function encodeCall(call: ToolCallPart, scope: Scope): JsonObject {
  const { opaque } = call;
  const name = scope.legalName(call.name);
  const id = callId(call.id);
  const isCustom = call.kind === 'custom' || scope.customTools.has(call.name);
  if (isCustom && scope.isOpenAi) {
    return { id, type: 'custom', custom: { name, input: call.argumentsJson } };
  }
  const text = call.argumentsJson.trim() === '' ? '{}' : call.argumentsJson;
  const args = isCustom ? JSON.stringify(freeTextInput(call.argumentsJson)) : text;
  return {
    id,
    type: 'function',
    function: { name, arguments: args },
    ...(opaque !== undefined && !scope.isOpenAi && scope.origins.includes(opaque.origin)
      ? writeCallSignature(opaque.value)
      : {}),
  };
}

const MAX_ID_CHARS = 40;

/** OpenAI refuses longer ids; a hash keeps a call and its result together. */
function callId(id: string): string {
  if (id.length <= MAX_ID_CHARS) return id;
  return `call_${createHash('sha256').update(id).digest('hex').slice(0, 32)}`;
}

function plainText(parts: readonly Part[], role: Turn['role'], from: Dialect): string {
  if (!parts.every(isText)) {
    throw unsupported(
      wishNames.conversation[from],
      `holds other than text in a ${role} turn, which Chat can't carry`,
    );
  }
  return parts.map(({ text }) => text).join('\n\n');
}

function isText(part: Part): part is Extract<Part, { readonly text: string }> {
  return part.type === 'text' || part.type === 'refusal';
}
