import type {
  Dialect,
  ModelRequest,
  Part,
  ToolCallPart,
  ToolResultPart,
  Turn,
} from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import type { JsonObject } from '../model/json-object.ts';
import { mediaInSystem } from '../openai-chat/refusals.ts';
import { legalToolId } from './legal-names.ts';
import type { ToolNamer } from './legal-names.ts';
import type { KeptLeftovers, Place } from './leftovers.ts';
import { mediaBlock } from './media-blocks.ts';
import { joined, opened, withoutLastThoughts } from './message-order.ts';
import type { Message } from './message-order.ts';
import { fitsTarget, writeReasoning } from './reasoning-blocks.ts';
import { freeTextInput, toolInput } from './tool-arguments.ts';
import { pairTools, uniqueIds } from './tool-pairs.ts';

/** The turns of a request, as the API wants them. */
export interface Conversation {
  readonly system: readonly JsonObject[];
  /** Alternating, a user's first; results first in the message after their calls. */
  readonly messages: readonly Message[];
  /** Results that had to be left out, in words fit for the client. */
  readonly ignored: readonly string[];
}

/** Stands where a call was never answered: the API refuses a call without a result. */
export const NO_RESULT = 'The client sent no result for this call.';

/**
 * Writes the turns. System and developer text of every turn goes to the system slot, in order: a
 * mid-conversation instruction keeps its weight and loses its place. Turns of the same role are
 * joined; blank text is left out. Reasoning is kept only where the target made it.
 *
 * @throws GatewayError `CLIENT_UNSUPPORTED` for media that the API has no block for, and when no
 *   turn has content.
 */
export function writeConversation(
  request: ModelRequest,
  target: EncodeTarget,
  names: ToolNamer,
  leftovers: KeptLeftovers,
): Conversation {
  const { resultOf, left } = pairTools(request.turns);
  const freeText = request.tools.flatMap(({ kind, name }) => (kind === 'custom' ? name : []));
  const context: WriteContext = {
    from: request.extras.dialect,
    target,
    names,
    freeText: new Set(freeText),
    idOf: uniqueIds(request.turns, legalToolId),
    resultOf,
    keysOf: keysByPart(request, leftovers),
  };
  const system: JsonObject[] = [];
  const messages: Message[] = [];
  let owed: readonly JsonObject[] = [];
  request.turns.forEach(({ role, parts }, turn) => {
    const where = listOf(role);
    const blocks: JsonObject[] = [];
    parts.forEach((part, index) => {
      blocks.push(...leftovers.blocks({ in: where, turn, part: index }));
      const block = writePart(part, role, context);
      if (block !== undefined)
        blocks.push({ ...block, ...context.keysOf(part, String(block.type)) });
    });
    blocks.push(...leftovers.blocks({ in: where, turn, part: parts.length }));
    if (role === 'assistant') {
      messages.push({ role, content: blocks });
      owed = [...owed, ...writeResults(parts, context)];
    } else if (role === 'user') {
      messages.push({ role, content: [...owed, ...blocks] });
      owed = [];
    } else system.push(...blocks);
  });
  messages.push({ role: 'user', content: owed });
  return {
    system,
    messages: opened(
      joined(joined(messages).map(withoutLastThoughts)),
      system.length > 0,
      request.extras.dialect,
    ),
    ignored: left.map(({ callId }) => `tool result ${legalToolId(callId)}`),
  };
}

interface WriteContext {
  readonly from: Dialect;
  readonly target: EncodeTarget;
  readonly names: ToolNamer;
  /** Names of tools that take free text. */
  readonly freeText: ReadonlySet<string>;
  readonly idOf: ReadonlyMap<ToolCallPart, string>;
  readonly resultOf: ReadonlyMap<ToolCallPart, ToolResultPart>;
  /** Keys of the client's block that the canonical part has no place for. */
  readonly keysOf: (part: Part, type: string) => JsonObject;
}

function writePart(part: Part, role: string, context: WriteContext): JsonObject | undefined {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return textBlock(part.text);
    case 'reasoning':
      if (role !== 'assistant' || !fitsTarget(part, context.target)) return undefined;
      return writeReasoning(part, 'anthropic-messages');
    case 'media':
      if (role === 'user') return mediaBlock(part, context.from);
      if (role === 'assistant') return textBlock(`(an attachment of type ${part.mediaType})`);
      throw mediaInSystem(part.mediaType, context.from);
    case 'tool-call':
      return role === 'assistant' ? writeCall(part, context) : undefined;
    case 'tool-result':
      // Written with the call that it answers.
      return undefined;
  }
}

function writeCall(part: ToolCallPart, { names, freeText, idOf }: WriteContext): JsonObject {
  const isText = part.kind === 'custom' || freeText.has(part.name);
  return {
    type: 'tool_use',
    id: idOf.get(part),
    name: names.legal(part.name),
    input: isText ? freeTextInput(part.argumentsJson) : toolInput(part.argumentsJson),
  };
}

/** A result for each call of a turn. */
function writeResults(parts: readonly Part[], context: WriteContext): readonly JsonObject[] {
  return parts.flatMap((call) => {
    if (call.type !== 'tool-call') return [];
    const block = { type: 'tool_result', tool_use_id: context.idOf.get(call) };
    const result = context.resultOf.get(call);
    if (result === undefined) return { ...block, content: NO_RESULT, is_error: true };
    const content = resultContent(result, context);
    return {
      ...block,
      ...(content === undefined ? {} : { content }),
      ...(result.isError === true ? { is_error: true } : {}),
      ...context.keysOf(result, block.type),
    };
  });
}

/** Text alone is told as a string; without any content the key is left out. */
function resultContent(
  result: ToolResultPart,
  { from }: WriteContext,
): string | readonly JsonObject[] | undefined {
  const blocks = result.content.flatMap((part): readonly JsonObject[] => {
    if (part.type === 'media') return [mediaBlock(part, from)];
    const text = part.type === 'text' || part.type === 'refusal' ? textBlock(part.text) : undefined;
    return text === undefined ? [] : [text];
  });
  const [only, ...more] = blocks;
  if (only === undefined) return undefined;
  return more.length === 0 && typeof only.text === 'string' ? only.text : blocks;
}

/** The API refuses text without a visible character. */
function textBlock(text: string): JsonObject | undefined {
  return text.trim() === '' ? undefined : { type: 'text', text };
}

function keysByPart({ turns }: ModelRequest, leftovers: KeptLeftovers): WriteContext['keysOf'] {
  if (leftovers.none) return () => ({});
  const places = new Map<Part, Place>();
  turns.forEach(({ role, parts }, turn) => {
    parts.forEach((part, index) => places.set(part, { in: listOf(role), turn, part: index }));
  });
  return (part, type) => {
    const place = places.get(part);
    return place === undefined ? {} : leftovers.keys(place, type);
  };
}

/** System text written among the messages belongs to the system slot all the same. */
function listOf(role: Turn['role']): Place['in'] {
  return role === 'user' || role === 'assistant' ? 'messages[].content[]' : 'system[]';
}
