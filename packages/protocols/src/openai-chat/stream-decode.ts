import type { ModelEvent, Usage } from '@cliproxy/plugin-api';
import type { DecodeContext } from '../codec/answer-context.ts';
import type { SseEvent } from '../codec/sse-event.ts';
import type { StreamDecoder } from '../codec/stream-codec.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { readCitations } from './annotations.ts';
import { callPieces, contentPieces, firstChoice } from './answer-parts.ts';
import { CallBlocks } from './call-blocks.ts';
import { badAnswer } from '../codec/bad-answer.ts';
import { throwErrorInside, truncated } from './error-classes.ts';
import { readFinish } from './finish-reason.ts';
import { ProseBlocks } from './prose-blocks.ts';
import { readDetails, reasoningText } from './reasoning-details.ts';
import { saysSomething } from './says-something.ts';
import { usageIn } from './usage.ts';

/**
 * Reads an upstream's stream. The tolerances for servers that only resemble OpenAI's live here and
 * in what it is made of: {@link CallBlocks} for fragments of calls, `TextGrowth` for whole texts in
 * each chunk. A stream is complete with `[DONE]`, or with a finish_reason that nothing of the answer
 * follows: WebAI-to-API writes one into every chunk, and leaves out `[DONE]` where it breaks off.
 * Usage may come in any chunk, and the last one counts. The end is told once nothing more can follow.
 *
 * @see https://github.com/Amm1rr/WebAI-to-API/blob/master/docs/specs/streaming-pipeline.md
 */
export function streamDecoder(context: DecodeContext): StreamDecoder {
  return new ChatStreamDecoder(context);
}

class ChatStreamDecoder implements StreamDecoder {
  readonly #context: DecodeContext;
  readonly #prose: ProseBlocks;
  readonly #calls: CallBlocks;
  #started = false;
  #ended = false;
  #plainReasoning = false;
  #finish: string | undefined;
  /** Some servers write a finish into every chunk: then it ends nothing. */
  #finishEnds = true;
  #usage: Usage | undefined;

  constructor(context: DecodeContext) {
    this.#context = context;
    let index = 0;
    const nextIndex = () => index++;
    this.#prose = new ProseBlocks(nextIndex);
    this.#calls = new CallBlocks(nextIndex, context);
  }

  push(event: SseEvent): readonly ModelEvent[] {
    const data = event.data.trim();
    if (this.#ended || data === '') return [];
    if (data === '[DONE]') return this.#end();
    const body = parse(data, event.event === 'error');
    throwErrorInside(body, event.event === 'error');
    const out: ModelEvent[] = [];
    const choice = firstChoice(body);
    if (choice !== undefined) this.#choice(choice, body, out);
    this.#usage = usageIn(body) ?? this.#usage;
    return out;
  }

  end(): readonly ModelEvent[] {
    if (this.#ended) return [];
    if (this.#finish === undefined || !this.#finishEnds) throw truncated();
    return this.#end();
  }

  #choice(choice: JsonObject, body: JsonObject, out: ModelEvent[]): void {
    if (!this.#started) {
      this.#started = true;
      const { id } = body;
      out.push(typeof id === 'string' && id !== '' ? { type: 'start', id } : { type: 'start' });
    }
    // A whole message may come once more at the end; it goes on with nothing.
    const goesOn = this.#finish !== undefined && !isJsonObject(choice.message);
    if (goesOn && saysSomething(choice)) this.#finishEnds = false;
    if (isJsonObject(choice.delta)) this.#delta(choice.delta, false, out);
    else if (isJsonObject(choice.message)) this.#delta(choice.message, true, out);
    else if (typeof choice.text === 'string') this.#delta({ content: choice.text }, false, out);
    const { finish_reason: word } = choice;
    if (typeof word === 'string' && word !== '') this.#finish = word;
  }

  #delta(delta: JsonObject, isWhole: boolean, out: ModelEvent[]): void {
    this.#reasoning(delta, isWhole, out);
    const pieces = contentPieces(delta.content);
    if (pieces.length > 0) this.#calls.settle(out);
    for (const piece of pieces) this.#prose.write(piece, isWhole, out);
    if (delta.annotations !== undefined) this.#prose.cite(readCitations(delta.annotations));
    if (typeof delta.refusal === 'string') {
      this.#prose.write({ type: 'refusal', text: delta.refusal }, isWhole, out);
    }
    if (delta.tool_calls === undefined && delta.function_call === undefined) return;
    for (const [position, piece] of callPieces(delta, this.#context.origin).entries()) {
      this.#prose.close(out);
      this.#calls.write(piece, position, isWhole, out);
    }
  }

  #reasoning(delta: JsonObject, isWhole: boolean, out: ModelEvent[]): void {
    const plain = reasoningText(delta);
    // The details tell the same text once more, all at once or piece by piece.
    this.#plainReasoning ||= plain !== '';
    if (plain !== '') this.#prose.write({ type: 'reasoning', text: plain }, isWhole, out);
    if (delta.reasoning_details === undefined) return;
    for (const { text, opaque } of readDetails(delta.reasoning_details, this.#context.origin)) {
      if (!this.#plainReasoning && text !== '') {
        this.#prose.write({ type: 'reasoning', text }, isWhole, out);
      }
      if (opaque !== undefined) this.#prose.sign(opaque, out);
    }
  }

  #end(): readonly ModelEvent[] {
    if (!this.#started) throw badAnswer("The upstream's stream ended without any choice.");
    const out: ModelEvent[] = [];
    this.#prose.close(out);
    this.#calls.close(out);
    if (this.#usage !== undefined) out.push({ type: 'usage', usage: this.#usage });
    out.push({ type: 'finish', reason: readFinish(this.#finish, this.#calls.any) });
    this.#ended = true;
    return out;
  }
}

function parse(data: string, isErrorEvent: boolean): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch (cause) {
    if (isErrorEvent) return { error: data };
    throw badAnswer("The upstream's stream holds an event that is no JSON.", cause);
  }
  if (isJsonObject(value)) return value;
  if (isErrorEvent) return { error: data };
  throw badAnswer("The upstream's stream holds an event that is no JSON object.");
}
