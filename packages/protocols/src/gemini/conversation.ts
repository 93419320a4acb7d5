import type {
  Dialect,
  ModelRequest,
  Part,
  ToolCallPart,
  ToolResultPart,
} from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import { NO_RESULT } from '../anthropic-messages/conversation.ts';
import { legalToolId } from '../anthropic-messages/legal-names.ts';
import type { ToolNamer } from '../anthropic-messages/legal-names.ts';
import type { KeptLeftovers, Place } from '../anthropic-messages/leftovers.ts';
import { freeTextInput, toolInput } from '../anthropic-messages/tool-arguments.ts';
import { pairTools, uniqueIds } from '../anthropic-messages/tool-pairs.ts';
import type { JsonObject } from '../model/json-object.ts';
import { mediaInSystem } from '../openai-chat/refusals.ts';
import { inOrder, withPlaceholders } from './content-order.ts';
import type { Content } from './content-order.ts';
import { writeOutput } from './function-response.ts';
import { writeMedia } from './media.ts';
import type { ModelLine } from './model-line.ts';
import type { ParameterNames } from './parameter-names.ts';
import { signatureFor } from './signatures.ts';

/** The turns of a request, as the API wants them. */
export interface Conversation {
  /** Parts of `systemInstruction`. */
  readonly system: readonly JsonObject[];
  /** Alternating, a user's first and last; results right after their calls. */
  readonly contents: readonly Content[];
  /** Results that had to be left out, in words fit for the client. */
  readonly ignored: readonly string[];
}

/**
 * Writes the turns. System and developer text of every turn goes to the system slot, in order. Turns
 * of the same role are joined. Each call is answered in the user's next turn, in the order of the
 * calls: the API refuses any other number or order. Signatures go to their maker alone.
 *
 * @throws GatewayError `CLIENT_UNSUPPORTED` for media that the API can't get at.
 */
export function writeConversation(
  request: ModelRequest,
  target: EncodeTarget,
  line: ModelLine,
  { names, parameters, leftovers }: WrittenWith,
): Conversation {
  const native = request.extras.dialect === 'gemini';
  const { resultOf, left } = pairTools(request.turns);
  const freeText = request.tools.flatMap(({ kind, name }) => (kind === 'custom' ? name : []));
  const context: WriteContext = {
    native,
    from: request.extras.dialect,
    target,
    line,
    names,
    parameters,
    freeText: new Set(freeText),
    idOf: uniqueIds(request.turns, legalToolId),
    resultOf,
  };
  const system: JsonObject[] = [];
  const contents: Content[] = [];
  let owed: readonly JsonObject[] = [];
  request.turns.forEach(({ role, parts }, turn) => {
    const isSystem = role === 'system' || role === 'developer';
    const list = isSystem ? 'systemInstruction.parts[]' : 'contents[].parts[]';
    const placeOf = (part: number): Place => ({ in: list, turn, part });
    const written = parts.flatMap((part, index) => [
      ...leftovers.blocks(placeOf(index)),
      ...writePart(part, role, context, (kind) => leftovers.keys(placeOf(index), kind)),
    ]);
    written.push(...leftovers.blocks(placeOf(parts.length)));
    if (isSystem) system.push(...written);
    else if (role === 'assistant') {
      contents.push({ role: 'model', parts: written });
      owed = [...owed, ...writeResults(parts, context)];
    } else {
      contents.push({ role: 'user', parts: [...owed, ...written] });
      owed = [];
    }
  });
  contents.push({ role: 'user', parts: owed });
  const ordered = inOrder(contents, system.length > 0, request.extras.dialect);
  return {
    system,
    contents: line.signsCalls ? withPlaceholders(ordered) : ordered,
    ignored: left.map(({ callId }) => `tool result ${callId}`),
  };
}

/** What turns and tools of a request are written with. */
interface WrittenWith {
  readonly names: ToolNamer;
  readonly parameters: ParameterNames;
  readonly leftovers: KeptLeftovers;
}

interface WriteContext {
  readonly native: boolean;
  readonly from: Dialect;
  readonly target: EncodeTarget;
  readonly line: ModelLine;
  readonly names: ToolNamer;
  readonly parameters: ParameterNames;
  /** Names of tools that take free text. */
  readonly freeText: ReadonlySet<string>;
  readonly idOf: ReadonlyMap<ToolCallPart, string>;
  readonly resultOf: ReadonlyMap<ToolCallPart, ToolResultPart>;
}

/** @param kept - keys of the client's part that the canonical one has no place for, by its kind. */
function writePart(
  part: Part,
  role: string,
  context: WriteContext,
  kept: (kind: string) => JsonObject,
): readonly JsonObject[] {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text === '' ? [] : [{ text: part.text, ...ofPart(kept('text')) }];
    case 'reasoning': {
      const signature = signatureFor(part.opaque, context.target);
      if (role !== 'assistant' || signature === undefined) return [];
      const thought = part.text === '' ? {} : { thought: true };
      return [{ text: part.text, ...thought, thoughtSignature: signature }];
    }
    case 'media': {
      if (role === 'system' || role === 'developer') {
        throw mediaInSystem(part.mediaType, context.from);
      }
      const written = writeMedia(part, context.from);
      return [{ ...written, ...ofPart(kept('fileData' in written ? 'fileData' : 'inlineData')) }];
    }
    case 'tool-call':
      return role === 'assistant'
        ? [{ ...writeCall(part, context), ...ofPart(kept('functionCall')) }]
        : [];
    case 'tool-result':
      // Written with the call that it answers.
      return [];
  }
}

/** Keys of a part itself; those of its inside are named as ignored. */
function ofPart(kept: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(kept).filter(([key]) => !key.includes('.')));
}

function writeCall(part: ToolCallPart, context: WriteContext): JsonObject {
  const isText = part.kind === 'custom' || context.freeText.has(part.name);
  const signature = signatureFor(part.opaque, context.target);
  return {
    functionCall: {
      id: context.idOf.get(part),
      name: context.names.legal(part.name),
      args: isText
        ? freeTextInput(part.argumentsJson)
        : context.parameters.sent(part.name, toolInput(part.argumentsJson)),
    },
    ...(signature === undefined ? {} : { thoughtSignature: signature }),
  };
}

/** A result for each call of a turn, in their order; media that it can't hold come after all. */
function writeResults(parts: readonly Part[], context: WriteContext): readonly JsonObject[] {
  const after: JsonObject[] = [];
  const results = parts.flatMap((call) => {
    if (call.type !== 'tool-call') return [];
    const named = { id: context.idOf.get(call), name: context.names.legal(call.name) };
    const result = context.resultOf.get(call);
    if (result === undefined) {
      return [{ functionResponse: { ...named, response: { error: NO_RESULT } } }];
    }
    const texts = result.content.flatMap((part) =>
      part.type === 'text' || part.type === 'refusal' ? part.text : [],
    );
    const media = result.content
      .filter((part) => part.type === 'media')
      .map((part) => writeMedia(part, context.from));
    const inside = context.line.mediaResults ? media : [];
    if (media.length > inside.length) {
      texts.push('(The content follows the results of the functions.)');
      after.push(
        { text: `Content of the result of ${named.name} (${String(named.id)}):` },
        ...media,
      );
    }
    const response = writeOutput(texts.join('\n\n'), result.isError === true, context.native);
    return [
      {
        functionResponse: {
          ...named,
          response,
          ...(inside.length === 0 ? {} : { parts: inside }),
        },
      },
    ];
  });
  return [...results, ...after];
}
