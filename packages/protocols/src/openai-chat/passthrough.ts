import { isGatewayError } from '@cliproxy/plugin-api';
import type { FinishReason, Usage } from '@cliproxy/plugin-api';
import type { FrameTap, PassthroughCodec } from '../codec/passthrough-codec.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { callPieces, firstChoice } from './answer-parts.ts';
import { badAnswer } from '../codec/bad-answer.ts';
import { throwErrorInside, truncated } from './error-classes.ts';
import { readFinish } from './finish-reason.ts';
import { saysSomething } from './says-something.ts';
import { usageIn } from './usage.ts';

/** What passes through, watched. */
export const passthrough: PassthroughCodec = {
  tap: () => new ChatFrameTap(),
  inspect(body) {
    throwErrorInside(body);
    const choice = firstChoice(body);
    // Embeddings have `data` instead.
    if (choice === undefined && !Array.isArray(body.data)) {
      throw badAnswer("The upstream's answer has no `choices`.");
    }
    return { usage: usageIn(body), finish: choice === undefined ? undefined : finishOf(choice) };
  },
  modelPaths: [['model']],
};

function finishOf(choice: JsonObject): FinishReason | undefined {
  const { message, finish_reason: word } = choice;
  const hasCalls = isJsonObject(message) && callPieces(message, '').length > 0;
  return typeof word === 'string' && word !== '' ? readFinish(word, hasCalls) : undefined;
}

const ERROR = '"error"';
const USAGE = '"usage"';
const FINISH = '"finish_reason"';
const DONE = '[DONE]';
const ERROR_EVENT = /^event: ?error\s/;

/** `data: [DONE]` and its line ends; a text may hold the word too, in a longer frame. */
const MAX_DONE_BYTES = 32;

/**
 * Frames are parsed until one is meaningful, which is the first or second. From then on, only those
 * are that hold an error, a usage or a finish, or that follow a finish: inside a JSON string, a quote is escaped, so a quoted
 * key can't be part of a text.
 */
class ChatFrameTap implements FrameTap {
  usage: Usage | undefined;
  finish: FinishReason | undefined;
  #meaningful = false;
  #done = false;
  /** Some servers write a finish into every chunk: then it ends nothing. */
  #finishEnds = true;

  see(frame: Buffer): boolean {
    // One copy as text and searches in that cost less than searches in the buffer.
    const text = frame.toString('latin1');
    if (text.length <= MAX_DONE_BYTES && text.includes(DONE)) {
      this.#done = true;
      return this.#meaningful;
    }
    const isError = text.startsWith('e') && ERROR_EVENT.test(text);
    if (!this.#meaningful || isError || mustParse(text)) this.#read(frame, isError);
    else if (this.finish !== undefined) this.#readAfterFinish(frame);
    return this.#meaningful;
  }

  end(): void {
    if (this.#done || (this.finish !== undefined && this.#finishEnds)) return;
    throw truncated();
  }

  /** Two frames in most streams: the usage, and what ends it. */
  #readAfterFinish(frame: Buffer): void {
    try {
      this.#read(frame, false);
    } catch (error) {
      // What can't be read after an end is no part of the answer.
      if (!isGatewayError(error) || error.code !== 'UPSTREAM_BAD_ANSWER') throw error;
    }
  }

  #read(frame: Buffer, isError: boolean): void {
    const body = parse(frame, isError);
    if (body === undefined) return;
    throwErrorInside(body, isError);
    this.usage = usageIn(body) ?? this.usage;
    const choices = Array.isArray(body.choices) ? body.choices.filter(isJsonObject) : [];
    for (const choice of choices) {
      const { finish_reason: word } = choice;
      const isFinish = typeof word === 'string' && word !== '';
      if ((choice.index ?? 0) === 0) {
        if (this.finish !== undefined && saysSomething(choice)) this.#finishEnds = false;
        if (isFinish) this.finish = finishWord(word);
      }
      this.#meaningful ||= isFinish || saysSomething(choice);
    }
  }
}

/** What the upstream says, and so the client reads: no calls are counted here. */
function finishWord(word: string): FinishReason {
  return readFinish(word, word === 'tool_calls' || word === 'function_call');
}

function mustParse(text: string): boolean {
  return isSet(text, USAGE) || isSet(text, FINISH) || text.includes(ERROR);
}

/** Whether the key is there with a value other than null. */
function isSet(text: string, key: string): boolean {
  let found = text.indexOf(key);
  while (found !== -1) {
    let at = found + key.length;
    while (text[at] === ' ' || text[at] === ':') at += 1;
    if (text[at] !== 'n') return true;
    found = text.indexOf(key, at);
  }
  return false;
}

/** The data of a frame; undefined where it has none, such as a comment. */
function parse(frame: Buffer, isError: boolean): JsonObject | undefined {
  const data = frame
    .toString()
    .split(/\r\n|\r|\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length))
    .join('\n')
    .trim();
  if (data === '') return undefined;
  try {
    const value: unknown = JSON.parse(data);
    if (isJsonObject(value)) return value;
  } catch {
    // Told below: whatever it is, it isn't this dialect.
  }
  if (isError) return { error: data };
  throw badAnswer("The upstream's stream holds an event that is no JSON object.");
}
