import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import {
  booleanAt,
  countAt,
  fieldError,
  mustBe,
  numberAt,
  optional,
  stringAt,
  unsupported,
} from './field-path.ts';

/** A completion, read as a conversation. */
export interface Completion {
  /** The same as a body of Chat. */
  readonly chat: JsonObject;
  /** Stands before the answer: the prompt, where the client wants it back. */
  readonly echoed: string;
  /** Parameters without an effect. */
  readonly ignored: readonly string[];
}

/**
 * Reads a body of Completions. What Chat has too goes on under the same name. Of the rest,
 *
 * - `echo` is honoured;
 * - `best_of` and `logprobs` are named as ignored;
 * - several prompts, prompts of token ids, `suffix` and more answers than one are refused: the
 *   answer would be another one than was asked for.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST`, `CLIENT_UNSUPPORTED`, naming the field.
 */
export function readCompletion(body: JsonObject): Completion {
  const { prompt, suffix, echo, best_of: bestOf, logprobs, n, ...rest } = body;
  const text = promptText(prompt);
  if ((optional(suffix, 'suffix', stringAt) ?? '') !== '') {
    throw unsupported('suffix', 'is not offered: models of today continue a text, and fill no gap');
  }
  if ((optional(n, 'n', countAt) ?? 1) !== 1) {
    throw unsupported('n', 'must be 1: one answer is given at a time');
  }
  const ignored: string[] = [];
  if ((optional(bestOf, 'best_of', countAt) ?? 1) !== 1) ignored.push('best_of');
  if (optional(logprobs, 'logprobs', numberAt(0, 5)) !== undefined) ignored.push('logprobs');
  return {
    chat: { ...rest, messages: [{ role: 'user', content: text }] },
    echoed: optional(echo, 'echo', booleanAt) === true ? text : '',
    ignored,
  };
}

function promptText(prompt: unknown): string {
  const given: unknown = Array.isArray(prompt) && prompt.length === 1 ? prompt[0] : prompt;
  if (typeof given === 'string' && given !== '') return given;
  if (given === undefined || given === null) throw fieldError('prompt', 'is missing');
  if (given === '' || (Array.isArray(given) && given.length === 0)) {
    throw fieldError('prompt', 'is empty');
  }
  if (!Array.isArray(given) || given.some(isJsonObject)) {
    throw mustBe('prompt', 'a string or an array with one string', given);
  }
  throw given.every((one) => typeof one === 'string')
    ? unsupported('prompt', `holds ${given.length} prompts; send each in a request of its own`)
    : unsupported('prompt', 'holds token ids, which mean something else to every model; send text');
}
