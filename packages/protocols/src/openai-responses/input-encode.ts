import type {
  Dialect,
  ModelRequest,
  Part,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
  Turn,
} from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import { shortToolId } from '../anthropic-messages/legal-names.ts';
import { freeTextInput } from '../anthropic-messages/tool-arguments.ts';
import { pairTools, uniqueIds } from '../anthropic-messages/tool-pairs.ts';
import type { JsonObject } from '../model/json-object.ts';
import { wishNames } from '../model/wish-names.ts';
import { unsupported } from '../openai-chat/field-path.ts';
import { marked } from '../openai-chat/message-encode.ts';
import { wrappedTools } from '../openai-chat/tool-encode.ts';
import { NATIVE, nativeEncrypted } from './encrypted-reasoning.ts';
import type { KeptItemExtras } from './item-extras.ts';
import { encodeMedia } from './media.ts';

/** The turns of a request, as items. */
export interface WrittenInput {
  readonly instructions: string | undefined;
  readonly input: readonly JsonObject[];
  /** What had to be left out, in words fit for the client. */
  readonly ignored: readonly string[];
}

/** Stands where a call was never answered: the API refuses a call without an output. */
const NO_OUTPUT = 'The client sent no result for this call.';

/**
 * Writes the turns. System text that begins the conversation becomes the instructions; later, and
 * in developer turns, it stays where it is, as a developer's message. Every call gets one output.
 * Reasoning is kept only where the target made it and what it led to follows.
 *
 * @param isState - earlier items are kept by the vendor: outputs may be without their calls.
 * @throws GatewayError `CLIENT_UNSUPPORTED` for media that the dialect has no part for.
 */
export function encodeInput(
  request: ModelRequest,
  target: EncodeTarget,
  legalName: (name: string) => string,
  kept: KeptItemExtras,
  isState: boolean,
): WrittenInput {
  const { turns } = request;
  const { resultOf, left } = pairTools(turns);
  const orphans = new Set(isState ? left : []);
  const writer = new InputWriter(request, target, legalName, kept, resultOf, orphans);
  let begin = 0;
  while (turns[begin]?.role === 'system') begin += 1;
  // Instructions alone are no input.
  if (turns.length === begin && !isState) begin = 0;
  const instructions = turns.slice(0, begin).map(({ parts }) => writer.plainText(parts));
  for (const [turn, content] of turns.entries()) if (turn >= begin) writer.turn(content, turn);
  writer.finish();
  return {
    instructions: instructions.length === 0 ? undefined : instructions.join('\n\n'),
    input: writer.items,
    ignored: left
      .filter((result) => !orphans.has(result))
      .map(({ callId }) => `tool result ${shortToolId(callId)}`),
  };
}

class InputWriter {
  readonly items: JsonObject[] = [];
  readonly #kept: KeptItemExtras;
  readonly #legalName: (name: string) => string;
  readonly #resultOf: ReadonlyMap<ToolCallPart, ToolResultPart>;
  readonly #orphans: ReadonlySet<ToolResultPart>;
  readonly #idOf: ReadonlyMap<ToolCallPart, string>;
  readonly #callOf = new Map<ToolResultPart, ToolCallPart>();
  readonly #customTools: ReadonlySet<string>;
  readonly #wrapped: readonly string[];
  readonly #origins: readonly string[];
  readonly #isOwn: boolean;
  readonly #from: Dialect;
  readonly #turns: number;

  constructor(
    request: ModelRequest,
    target: EncodeTarget,
    legalName: (name: string) => string,
    kept: KeptItemExtras,
    resultOf: ReadonlyMap<ToolCallPart, ToolResultPart>,
    orphans: ReadonlySet<ToolResultPart>,
  ) {
    const { turns, tools, extras } = request;
    this.#kept = kept;
    this.#legalName = legalName;
    this.#resultOf = resultOf;
    this.#orphans = orphans;
    this.#idOf = uniqueIds(turns, shortToolId);
    for (const [call, result] of resultOf) this.#callOf.set(result, call);
    this.#customTools = new Set(tools.filter(({ kind }) => kind === 'custom').map((t) => t.name));
    this.#wrapped = wrappedTools(request, target);
    this.#origins = [`${target.instanceId}/${target.model}`, NATIVE];
    this.#isOwn = extras.dialect === NATIVE;
    this.#from = extras.dialect;
    this.#turns = turns.length;
  }

  turn({ role, parts }: Turn, turn: number): void {
    switch (role) {
      case 'system':
      case 'developer':
        // Reasoning models take system messages as a developer's; some servers know only those.
        this.#put(turn, 0);
        this.#message('developer', [this.#inputText(this.plainText(parts))], turn, 0);
        return;
      case 'assistant':
        this.#assistant(parts, turn);
        return;
      case 'user':
        this.#user(parts, turn);
    }
  }

  /** Puts back what stood behind all turns. */
  finish(): void {
    this.#put(this.#turns, 0);
  }

  plainText(parts: readonly Part[]): string {
    return parts
      .map((part) => {
        if (isText(part)) return part.text;
        throw unsupported(wishNames.system[this.#from], 'holds other than text');
      })
      .join('\n\n');
  }

  #assistant(parts: readonly Part[], turn: number): void {
    let content: JsonObject[] | undefined;
    for (const [i, part] of parts.entries()) {
      const before = this.items.length;
      this.#put(turn, i);
      if (this.items.length > before) content = undefined;
      if (!isText(part)) {
        content = undefined;
        this.#assistantItem(part, parts[i + 1], turn, i);
        continue;
      }
      const members = this.#kept.members('input[]', { turn, part: i });
      if (content === undefined || Object.keys(members).length > 0) {
        content = [];
        this.items.push({
          type: 'message',
          role: 'assistant',
          status: 'completed',
          content,
          ...members,
        });
      }
      content.push({
        ...answerText(part),
        ...this.#kept.members('input[].content[]', { turn, part: i }),
      });
    }
    this.#put(turn, parts.length);
    for (const part of parts) {
      if (part.type === 'tool-call' && !this.#resultOf.has(part)) {
        this.items.push(this.#outputItem(part, this.#idOf.get(part) ?? '', NO_OUTPUT));
      }
    }
  }

  #assistantItem(part: Part, next: Part | undefined, turn: number, i: number): void {
    const members = this.#kept.members('input[]', { turn, part: i });
    if (part.type === 'reasoning') {
      const item = this.#reasoning(part, next);
      if (item !== undefined) this.items.push({ ...item, ...members });
    } else if (part.type === 'tool-call') {
      this.items.push({ ...this.#call(part), ...members });
    } else if (part.type === 'media') {
      const content = [
        answerText({ type: 'text', text: `(an attachment of type ${part.mediaType})` }),
      ];
      this.items.push({ type: 'message', role: 'assistant', status: 'completed', content });
    }
  }

  /** Refused are: another's reasoning, and reasoning that nothing follows. */
  #reasoning({ text, opaque }: ReasoningPart, next: Part | undefined): JsonObject | undefined {
    if (opaque === undefined || !this.#origins.includes(opaque.origin)) return undefined;
    if (next === undefined || next.type === 'tool-result') return undefined;
    return {
      type: 'reasoning',
      ...nativeEncrypted(text, opaque),
    };
  }

  #call(part: ToolCallPart): JsonObject {
    const { name: known, argumentsJson } = part;
    const name = this.#legalName(known);
    const call_id = this.#idOf.get(part);
    if (this.#isCustom(part)) {
      return { type: 'custom_tool_call', call_id, name, input: argumentsJson };
    }
    const isWrapped = part.kind === 'custom' || this.#customTools.has(known);
    const text = isWrapped ? JSON.stringify(freeTextInput(argumentsJson)) : argumentsJson;
    return {
      type: 'function_call',
      call_id,
      name,
      arguments: text.trim() === '' ? '{}' : text,
    };
  }

  #isCustom({ kind, name }: ToolCallPart): boolean {
    return (kind === 'custom' || this.#customTools.has(name)) && !this.#wrapped.includes(name);
  }

  #user(parts: readonly Part[], turn: number): void {
    const content: JsonObject[] = [];
    let isResults = false;
    let first = 0;
    for (const [i, part] of parts.entries()) {
      if (part.type === 'tool-result') {
        isResults = true;
        this.#put(turn, i);
        this.#result(part, turn, i);
        continue;
      }
      if (content.length === 0) first = i;
      content.push(this.#userPart(part, turn, i));
    }
    if (content.length === 0 && isResults) return;
    this.#put(turn, first);
    this.#message('user', content, turn, first);
  }

  #userPart(part: Part, turn: number, i: number): JsonObject {
    const members = this.#kept.members('input[].content[]', { turn, part: i });
    if (part.type === 'media') return { ...encodeMedia(part, this.#from), ...members };
    if (isText(part)) return { ...this.#inputText(part.text), ...members };
    throw unsupported(wishNames.conversation[this.#from], `holds a ${part.type} in a user's turn`);
  }

  #result(result: ToolResultPart, turn: number, part: number): void {
    const call = this.#callOf.get(result);
    if (call === undefined && !this.#orphans.has(result)) return;
    const id = call === undefined ? shortToolId(result.callId) : (this.#idOf.get(call) ?? '');
    const item = this.#outputItem(call, id, this.#output(result, turn, part));
    this.items.push({ ...item, ...this.#kept.members('input[]', { turn, part }) });
  }

  #outputItem(
    call: ToolCallPart | undefined,
    call_id: string,
    output: string | readonly JsonObject[],
  ): JsonObject {
    const isCustom = call !== undefined && this.#isCustom(call);
    return { type: isCustom ? 'custom_tool_call_output' : 'function_call_output', call_id, output };
  }

  #output(result: ToolResultPart, turn: number, part: number): string | readonly JsonObject[] {
    const isError = result.isError === true;
    if (result.content.every(isText)) {
      return marked(result.content.map(({ text }) => text).join('\n\n'), isError);
    }
    const parts = result.content.flatMap((one, inner): JsonObject[] => {
      const members = this.#kept.members('input[].output[]', { turn, part, inner });
      if (one.type === 'media') return [{ ...encodeMedia(one, this.#from), ...members }];
      return isText(one) ? [{ ...this.#inputText(one.text), ...members }] : [];
    });
    return isError ? [this.#inputText(marked('', true)), ...parts] : parts;
  }

  #message(role: string, content: readonly JsonObject[], turn: number, part: number): void {
    const members = this.#kept.members('input[]', { turn, part });
    this.items.push({ type: 'message', role, content, ...members });
  }

  #inputText(text: string): JsonObject {
    return { type: 'input_text', text };
  }

  /** Puts back the items that stood before a part. */
  #put(turn: number, part: number): void {
    this.items.push(...this.#kept.whole('input', { turn, part }));
  }
}

function answerText({ type, text }: TextPart): JsonObject {
  return type === 'refusal'
    ? { type: 'refusal', refusal: text }
    : { type: 'output_text', text, annotations: [] };
}

function isText(part: Part): part is TextPart {
  return part.type === 'text' || part.type === 'refusal';
}
