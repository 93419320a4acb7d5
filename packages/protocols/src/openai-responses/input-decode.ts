import type { Part, ReasoningPart, ToolCallPart, Turn } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { callSigner } from '../model/call-signature.ts';
import {
  arrayAt,
  fieldError,
  mustBe,
  objectAt,
  optional,
  stringAt,
} from '../openai-chat/field-path.ts';
import { NATIVE, readEncrypted } from './encrypted-reasoning.ts';
import { ASSISTANT_PARTS, TEXT_PARTS, USER_PARTS, readContent } from './input-content.ts';
import type { ItemExtras, Place } from './item-extras.ts';
import type { Namespaces } from './namespaces.ts';
import { reasoningText } from './output-decode.ts';
import { outputsOf } from './call-outputs.ts';
import type { CallOutputs } from './call-outputs.ts';

/**
 * Reads `instructions` and `input`. Items of one assistant's turn (reasoning, messages, calls) make
 * one turn, outputs that follow one another make one user's turn, every other message its own.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field by its path.
 */
export function decodeInput(
  body: JsonObject,
  extras: ItemExtras,
  names: Namespaces,
): readonly Turn[] {
  const instructions = optional(body.instructions, 'instructions', stringAt) ?? '';
  const reader = new InputReader(extras, names);
  if (instructions !== '') reader.add('system', [{ type: 'text', text: instructions }]);
  if (typeof body.input === 'string') {
    if (body.input === '') throw fieldError('input', 'must not be empty');
    reader.add('user', [{ type: 'text', text: body.input }]);
    return reader.turns;
  }
  const isState = STATE.some((field) => isSet(body[field]));
  if (!isSet(body.input) && isState) return reader.turns;
  if (typeof body.input !== 'object')
    throw mustBe('input', 'a string or an array of items', body.input);
  const items = arrayAt(body.input, 'input');
  if (items.length === 0 && !isState) throw fieldError('input', 'must hold at least one item');
  const outputs = outputsOf(items, isState);
  for (const [i, item] of items.entries()) reader.read(objectAt(item, `input[${i}]`), i, outputs);
  return reader.turns;
}

/** Fields by which a request goes on with what the vendor keeps. */
export const STATE: readonly string[] = ['previous_response_id', 'conversation', 'prompt'];

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

interface OpenTurn extends Turn {
  readonly parts: Part[];
  /** Further items of the same kind join it. */
  readonly joins: 'assistant' | 'outputs' | undefined;
}

const KNOWN = {
  message: new Set(['type', 'role', 'content', 'id', 'status']),
  reasoning: new Set(['type', 'id', 'status', 'summary', 'content', 'encrypted_content']),
  call: new Set(['type', 'id', 'status', 'call_id', 'name', 'namespace', 'arguments', 'input']),
  output: new Set(['type', 'id', 'status', 'call_id', 'output', 'name', 'namespace']),
} as const;

class InputReader {
  readonly turns: OpenTurn[] = [];
  readonly #extras: ItemExtras;
  readonly #names: Namespaces;
  readonly #sign = callSigner();

  constructor(extras: ItemExtras, names: Namespaces) {
    this.#extras = extras;
    this.#names = names;
  }

  read(item: JsonObject, i: number, outputs: CallOutputs): void {
    const path = `input[${i}]`;
    const type = item.type ?? (isSet(item.role) ? 'message' : undefined);
    switch (type) {
      case 'message':
        this.#message(item, path);
        return;
      case 'reasoning':
        this.#reasoning(item);
        return;
      case 'function_call':
      case 'custom_tool_call':
        this.#assistant(item, this.#call(item, path), KNOWN.call);
        return;
      case 'function_call_output':
      case 'custom_tool_call_output':
        this.#output(item, outputs.contentOf(i), path);
        return;
      case 'additional_tools':
        // Read with the tools.
        return;
      case undefined:
        throw mustBe(`${path}.type`, 'the type of an item', type);
      default:
        this.#extras.whole('input', this.#next(), {
          ...item,
          type: stringAt(item.type, `${path}.type`),
        });
    }
  }

  /** Adds a turn of its own. */
  add(role: Turn['role'], parts: Part[]): void {
    this.turns.push({ role, parts, joins: undefined });
  }

  #message(item: JsonObject, path: string): void {
    const { role } = item;
    const isAssistant = role === 'assistant';
    if (!isAssistant && role !== 'user' && role !== 'system' && role !== 'developer') {
      throw mustBe(`${path}.role`, 'user, assistant, system or developer', role);
    }
    const readers = isAssistant ? ASSISTANT_PARTS : role === 'user' ? USER_PARTS : TEXT_PARTS;
    const content = readContent(item.content, readers, `${path}.content`);
    if (isAssistant && content.length === 0) return;
    for (const { part } of content) this.#sign(part);
    const turn = isAssistant ? this.#turn('assistant') : undefined;
    const first: Place = turn === undefined ? { turn: this.turns.length, part: 0 } : this.#at(turn);
    this.#extras.members('input[]', first, item, KNOWN.message);
    for (const [j, { source, known }] of content.entries()) {
      const place = { turn: first.turn, part: first.part + j };
      this.#extras.members('input[].content[]', place, source, known);
    }
    const parts = content.map(({ part }) => part);
    if (turn === undefined) this.add(role, parts);
    else turn.parts.push(...parts);
  }

  #reasoning(item: JsonObject): void {
    const opaque = readEncrypted(item, NATIVE);
    const text = reasoningText(item);
    if (text === '' && opaque === undefined) {
      // Known by its id alone, to the one that keeps it.
      if (isSet(item.id)) this.#extras.whole('input', this.#next(), { ...item, type: 'reasoning' });
      return;
    }
    const part: ReasoningPart = { type: 'reasoning', text };
    this.#assistant(item, opaque === undefined ? part : { ...part, opaque }, KNOWN.reasoning);
  }

  #call(item: JsonObject, path: string): ToolCallPart {
    const isCustom = item.type === 'custom_tool_call';
    const id = idAt(item.call_id, `${path}.call_id`);
    const namespace = optional(item.namespace, `${path}.namespace`, stringAt);
    const name = this.#names.flat(namespace, stringAt(item.name, `${path}.name`));
    if (isCustom) {
      const argumentsJson = stringAt(item.input, `${path}.input`);
      return { type: 'tool-call', kind: 'custom', id, name, argumentsJson };
    }
    const given = item.arguments ?? '';
    const text = isJsonObject(given) ? JSON.stringify(given) : stringAt(given, `${path}.arguments`);
    const argumentsJson = text.trim() === '' ? '{}' : text;
    return { type: 'tool-call', id, name, argumentsJson };
  }

  #assistant(item: JsonObject, part: Part, known: ReadonlySet<string>): void {
    const turn = this.#turn('assistant');
    const signed = this.#sign(part);
    if (signed === undefined) return;
    this.#extras.members('input[]', this.#at(turn), item, known);
    turn.parts.push(signed);
  }

  #output(item: JsonObject, content: JsonObject | undefined, path: string): void {
    const callId = idAt(item.call_id, `${path}.call_id`);
    if (content === undefined) {
      this.#extras.whole('input', this.#next(), item);
      return;
    }
    const read = readContent(content.output, USER_PARTS, `${path}.output`);
    const turn = this.#turn('outputs');
    const place = this.#at(turn);
    this.#extras.members('input[]', place, item, KNOWN.output);
    for (const [inner, { source, known }] of read.entries()) {
      this.#extras.members('input[].output[]', { ...place, inner }, source, known);
    }
    turn.parts.push({ type: 'tool-result', callId, content: read.map(({ part }) => part) });
  }

  #turn(joins: 'assistant' | 'outputs'): OpenTurn {
    const last = this.turns.at(-1);
    if (last?.joins === joins) return last;
    const role = joins === 'assistant' ? 'assistant' : 'user';
    const turn: OpenTurn = { role, parts: [], joins };
    this.turns.push(turn);
    return turn;
  }

  /** The place of the next part of the turn, which is the last. */
  #at(turn: OpenTurn): Place {
    return { turn: this.turns.length - 1, part: turn.parts.length };
  }

  /** The place of what comes next. */
  #next(): Place {
    const last = this.turns.at(-1);
    return last?.joins === 'assistant' ? this.#at(last) : { turn: this.turns.length, part: 0 };
  }
}

function idAt(value: unknown, path: string): string {
  const id = stringAt(value, path);
  if (id === '') throw fieldError(path, 'must not be empty');
  return id;
}
