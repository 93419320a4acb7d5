import type { CountCodec } from '../codec/count-codec.ts';
import { badAnswer } from '../codec/bad-answer.ts';
import { decodeRequest } from './request-decode.ts';
import { encodeRequest } from './request-encode.ts';

/** What the question takes of a request. */
const ASKED: ReadonlySet<string> = new Set([
  'conversation',
  'input',
  'instructions',
  'model',
  'parallel_tool_calls',
  'previous_response_id',
  'reasoning',
  'text',
  'tool_choice',
  'tools',
  'truncation',
]);

/**
 * Counts of input tokens.
 *
 * @see https://platform.openai.com/docs/api-reference/responses/input-tokens
 */
export const count: CountCodec = {
  decodeRequest: (body, { model }) => decodeRequest(body, { model, stream: false }),
  encodeRequest(request, target) {
    const encoded = encodeRequest(request, target);
    const body = Object.fromEntries(Object.entries(encoded.body).filter(([key]) => ASKED.has(key)));
    return { ...encoded, path: '/responses/input_tokens', body };
  },
  decodeAnswer({ input_tokens: tokens }) {
    if (typeof tokens === 'number' && Number.isFinite(tokens) && tokens >= 0) {
      return Math.round(tokens);
    }
    throw badAnswer("The upstream's count has no `input_tokens`.");
  },
  encodeAnswer: (inputTokens) => ({ object: 'response.input_tokens', input_tokens: inputTokens }),
};
