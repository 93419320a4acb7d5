import type { CountCodec } from '../codec/count-codec.ts';
import { errorInside } from '../codec/error-inside.ts';
import { decodeRequest } from './request-decode.ts';
import { encodeRequest } from './request-encode.ts';
import { badAnswer } from '../codec/bad-answer.ts';
import { classify } from './error-classes.ts';

/**
 * Counting the tokens of a request: the request without what only generating needs. The API refuses
 * fields that it does not know here, `max_tokens` among them.
 *
 * @see https://platform.claude.com/docs/en/api/messages-count-tokens
 */
export const count: CountCodec = {
  decodeRequest: (body, { model }) => decodeRequest(body, { model, stream: false, counts: true }),
  encodeRequest(request, target) {
    const { body, ...encoded } = encodeRequest({ ...request, stream: false }, target);
    return {
      ...encoded,
      path: '/v1/messages/count_tokens',
      body: Object.fromEntries(Object.entries(body).filter(([key]) => TAKEN.has(key))),
    };
  },
  decodeAnswer(body) {
    if (body.type === 'error') throw errorInside(classify, body);
    const { input_tokens: tokens } = body;
    if (typeof tokens === 'number' && Number.isSafeInteger(tokens) && tokens >= 0) return tokens;
    throw badAnswer("The upstream's answer has no `input_tokens`.");
  },
  encodeAnswer: (inputTokens) => ({ input_tokens: inputTokens }),
};

/** Fields of the question; `context_management` and `mcp_servers` are those of the beta. */
const TAKEN: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'system',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'cache_control',
  'context_management',
  'mcp_servers',
]);
