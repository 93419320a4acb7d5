import type { ModelEvent, Part, ToolCallPart } from '@cliproxy/plugin-api';
import { unwrapped } from '../anthropic-messages/tool-arguments.ts';
import type { DecodeContext } from '../codec/answer-context.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { newCallId } from '../openai-chat/answer-parts.ts';
import { throwErrorInside } from './error-classes.ts';
import { readFinish } from './finish-reason.ts';
import { withNames } from './parameter-names.ts';
import { readSignature } from './signatures.ts';
import { readUsage } from './usage.ts';

/** The candidate that is translated: the one of index 0; undefined where there is none. */
export function firstCandidate(body: JsonObject): JsonObject | undefined {
  if (!Array.isArray(body.candidates)) return undefined;
  return body.candidates.filter(isJsonObject).find(({ index }) => (index ?? 0) === 0);
}

/** The parts of a candidate; it may come without content. */
export function partsOf(candidate: JsonObject | undefined): readonly JsonObject[] {
  const content = candidate?.content;
  const parts: unknown = isJsonObject(content) ? content.parts : undefined;
  return Array.isArray(parts) ? parts.filter(isJsonObject) : [];
}

/** Why the prompt was blocked, in words fit for the client; undefined where it was not. */
export function blockedBecause({ promptFeedback }: JsonObject): string | undefined {
  if (!isJsonObject(promptFeedback) || typeof promptFeedback.blockReason !== 'string') {
    return undefined;
  }
  const { blockReason, blockReasonMessage: message } = promptFeedback;
  const told = typeof message === 'string' && message !== '' ? ` ${message}` : '';
  return `The prompt was blocked (${blockReason}).${told}`;
}

/**
 * Reads an answer out of one response, or out of the many of a stream: each has the next parts, and
 * the last counts for usage and finish. Parts of kinds that nobody else has are skipped. A blocked
 * prompt is a refusal.
 */
export class AnswerReader {
  readonly #context: DecodeContext;
  #started = false;
  #nextIndex = 0;
  #open: { readonly index: number; readonly type: 'text' | 'reasoning' } | undefined;
  #calls = 0;
  #finish: string | undefined;
  #blocked: string | undefined;

  constructor(context: DecodeContext) {
    this.#context = context;
  }

  /** @throws GatewayError of the `UPSTREAM_` family for an error in place of an answer. */
  push(body: JsonObject): readonly ModelEvent[] {
    throwErrorInside(body);
    const out: ModelEvent[] = [];
    const candidate = firstCandidate(body);
    this.#blocked = blockedBecause(body) ?? this.#blocked;
    if (!this.#started) {
      this.#started = true;
      const { responseId: id } = body;
      out.push(typeof id === 'string' && id !== '' ? { type: 'start', id } : { type: 'start' });
    }
    const usage = readUsage(body.usageMetadata);
    // Before the parts: some dialects tell the input's tokens first.
    if (usage !== undefined) out.push({ type: 'usage', usage });
    for (const part of partsOf(candidate)) this.#part(part, out);
    const word = candidate?.finishReason;
    if (typeof word === 'string' && word !== '') this.#finish = word;
    return out;
  }

  /** Whether all of the answer has come. */
  get complete(): boolean {
    return this.#finish !== undefined || this.#blocked !== undefined;
  }

  /** What ends a complete answer. */
  end(): readonly ModelEvent[] {
    const out: ModelEvent[] = [];
    this.#close(out);
    const blocked = this.#nextIndex === 0 ? this.#blocked : undefined;
    if (blocked !== undefined) this.#whole({ type: 'refusal', text: blocked }, out);
    const reason =
      this.#finish === undefined
        ? 'refusal'
        : readFinish(this.#finish, this.#calls > 0, this.#nextIndex > 0);
    out.push({ type: 'finish', reason });
    return out;
  }

  #part(part: JsonObject, out: ModelEvent[]): void {
    if (isJsonObject(part.functionCall)) {
      this.#calls += 1;
      this.#whole(this.#call(part.functionCall, part.thoughtSignature), out);
    } else if (isJsonObject(part.inlineData)) {
      const { mimeType, data } = part.inlineData;
      if (typeof mimeType !== 'string' || typeof data !== 'string') return;
      this.#whole({ type: 'media', mediaType: mimeType, source: { base64: data } }, out);
    } else this.#prose(part, out);
  }

  #prose({ text, thought, thoughtSignature }: JsonObject, out: ModelEvent[]): void {
    const type = thought === true ? 'reasoning' : 'text';
    if (typeof text === 'string' && text !== '') {
      if (this.#open?.type !== type) {
        this.#close(out);
        this.#open = { index: this.#nextIndex++, type };
        out.push({ type: 'open', index: this.#open.index, part: { type, text: '' } });
      }
      out.push({ type: 'delta', index: this.#open.index, text });
    }
    const opaque = readSignature(thoughtSignature, this.#context.origin);
    if (opaque === undefined) return;
    if (type === 'reasoning' && this.#open?.type === type) {
      out.push({ type: 'close', index: this.#open.index, opaque });
      this.#open = undefined;
      // The signature of a text stands after it, as a thought without words.
    } else this.#whole({ type: 'reasoning', text: '', opaque }, out);
  }

  #call(call: JsonObject, signature: unknown): ToolCallPart {
    const { name: given, id, args } = call;
    const sent = typeof given === 'string' ? given : '';
    const { toolNames, customTools, parameterNames, origin } = this.#context;
    const input = isJsonObject(args) ? args : {};
    const argumentsJson = JSON.stringify(
      parameterNames === undefined ? input : withNames(input, parameterNames),
    );
    const text = customTools?.has(sent) === true ? unwrapped(argumentsJson) : undefined;
    const opaque = readSignature(signature, origin);
    return {
      type: 'tool-call',
      ...(text === undefined ? {} : { kind: 'custom' }),
      id: typeof id === 'string' && id !== '' ? id : newCallId(),
      name: toolNames.get(sent) ?? sent,
      argumentsJson: text ?? argumentsJson,
      ...(opaque === undefined ? {} : { opaque }),
    };
  }

  #whole(part: Part, out: ModelEvent[]): void {
    this.#close(out);
    const index = this.#nextIndex++;
    out.push({ type: 'open', index, part }, { type: 'close', index });
  }

  #close(out: ModelEvent[]): void {
    if (this.#open !== undefined) out.push({ type: 'close', index: this.#open.index });
    this.#open = undefined;
  }
}
