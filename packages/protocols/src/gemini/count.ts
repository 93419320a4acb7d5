import type { CountCodec } from '../codec/count-codec.ts';
import { badAnswer } from '../codec/bad-answer.ts';
import { pathOf } from '../codec/paths.ts';
import { objectAt, optional } from '../openai-chat/field-path.ts';
import { throwErrorInside } from './error-classes.ts';
import { camelKeys } from './field-names.ts';
import { decodeRequest } from './request-decode.ts';
import { encodeRequest } from './request-encode.ts';

/**
 * Counting the tokens of contents alone, or of a whole request under `generateContentRequest`.
 *
 * @see https://ai.google.dev/api/tokens#method:-models.counttokens
 */
export const count: CountCodec = {
  decodeRequest(body, { model }) {
    const { generateContentRequest: whole } = camelKeys(body);
    const request = optional(whole, 'generateContentRequest', objectAt) ?? body;
    return decodeRequest(request, { model, stream: false });
  },
  encodeRequest(request, target) {
    const { body, ...encoded } = encodeRequest({ ...request, stream: false }, target);
    const asked = Object.entries(body).filter(([key]) => TAKEN.has(key));
    const model = `models/${target.model}`;
    return {
      ...encoded,
      path: pathOf('gemini', 'count-tokens', target.model, false) ?? '',
      body: { generateContentRequest: { model, ...Object.fromEntries(asked) } },
    };
  },
  decodeAnswer(body) {
    throwErrorInside(body);
    const { totalTokens: tokens } = body;
    if (typeof tokens === 'number' && Number.isSafeInteger(tokens) && tokens >= 0) return tokens;
    throw badAnswer("The upstream's answer has no `totalTokens`.");
  },
  encodeAnswer: (inputTokens) => ({ totalTokens: inputTokens }),
};

/** What has tokens. */
const TAKEN: ReadonlySet<string> = new Set([
  'contents',
  'systemInstruction',
  'tools',
  'toolConfig',
  'cachedContent',
]);
