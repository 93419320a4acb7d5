import type { FinishReason, Usage } from '@cliproxy/plugin-api';
import type { FrameTap, PassthroughCodec } from '../codec/passthrough-codec.ts';
import { badAnswer } from '../codec/bad-answer.ts';
import { dataOf } from '../codec/frame-data.ts';
import { truncated } from '../model/answer-events.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { blockedBecause, firstCandidate, partsOf } from './answer-reader.ts';
import { throwErrorInside } from './error-classes.ts';
import { camelKeys } from './field-names.ts';
import { readFinish } from './finish-reason.ts';
import { withoutRefused } from './refused-fields.ts';
import { mustBeAnswer } from './response.ts';
import { readUsage } from './usage.ts';

/** What passes through, watched. */
export const passthrough: PassthroughCodec = {
  tap: () => new GeminiFrameTap(),
  inspect(body) {
    mustBeAnswer(body);
    const usage = readUsage(body.usageMetadata);
    const hasCalls = partsOf(firstCandidate(body)).some((part) => isJsonObject(part.functionCall));
    const finish = finishOf(body, hasCalls);
    return {
      ...(usage === undefined ? {} : { usage }),
      ...(finish === undefined ? {} : { finish }),
    };
  },
  modelPaths: [['modelVersion']],
  holdsRefused,
};

/** Names of the top level in camelCase are taken out of the bytes; all else must be written anew. */
function holdsRefused(body: JsonObject, refuses: readonly string[]): boolean {
  const config = camelKeys(body).generationConfig;
  const known = {
    ...camelKeys(body),
    ...(isJsonObject(config) ? { generationConfig: camelKeys(config) } : {}),
  };
  return withoutRefused(known, refuses).refused.some((name) => !Object.hasOwn(body, name));
}

/** What goes through is for the client to judge: a broken call ends the answer like any other. */
function finishOf(body: JsonObject, hasCalls: boolean): FinishReason | undefined {
  const word = firstCandidate(body)?.finishReason;
  if (typeof word === 'string' && word !== '') return readFinish(word, hasCalls, true);
  return blockedBecause(body) === undefined ? undefined : 'refusal';
}

/** Quoted keys: within a JSON string the quotes would be escaped. */
const USAGE = '"usageMetadata"';
const CALL = '"functionCall"';
const MUST_READ = ['"finishReason"', '"promptFeedback"', '"error"'] as const;

/**
 * Frames are parsed until one is meaningful. From then on, only those are that end the answer or
 * tell an error. Every frame tells the usage so far: the last one is read when it is asked for.
 */
class GeminiFrameTap implements FrameTap {
  finish: FinishReason | undefined;
  #usage: Usage | undefined;
  #unread: Buffer | undefined;
  #meaningful = false;
  #hasCalls = false;

  see(frame: Buffer): boolean {
    // One copy as text and searches in that cost less than searches in the buffer.
    const text = frame.toString('latin1');
    this.#hasCalls ||= text.includes(CALL);
    if (text.includes(USAGE)) this.#unread = frame;
    if (!this.#meaningful || MUST_READ.some((key) => text.includes(key))) this.#read(frame, text);
    return this.#meaningful;
  }

  end(): void {
    if (this.finish === undefined) throw truncated();
  }

  get usage(): Usage | undefined {
    if (this.#unread !== undefined) {
      const { json } = dataOf(this.#unread);
      this.#unread = undefined;
      if (isJsonObject(json)) this.#usage = readUsage(json.usageMetadata) ?? this.#usage;
    }
    return this.#usage;
  }

  #read(frame: Buffer, text: string): void {
    const { json } = dataOf(frame);
    if (!isJsonObject(json)) {
      if (!/^data:\s*\S/m.test(text) || /^data:\s*\[DONE\]/m.test(text)) return;
      throw badAnswer("The upstream's stream holds an event that is no JSON object.");
    }
    throwErrorInside(json);
    this.finish = finishOf(json, this.#hasCalls) ?? this.finish;
    this.#meaningful ||=
      this.finish !== undefined || partsOf(firstCandidate(json)).some(saysSomething);
  }
}

function saysSomething({ text, ...rest }: JsonObject): boolean {
  if (typeof text === 'string' && text !== '') return true;
  return Object.keys(rest).some((key) => key !== 'thought');
}
