import { modelRoute } from '../hot-path/generate.ts';
import * as shapes from '../schemas/openai.ts';
import type { Route } from './route.ts';

const COMPLETIONS = Object.freeze({ form: 'completions' as const });

/**
 * What OpenAI's clients use.
 *
 * @see https://platform.openai.com/docs/api-reference
 */
export const openaiRoutes: readonly Route[] = [
  modelRoute({
    path: '/v1/chat/completions',
    summary: 'OpenAI Chat Completions, with or without stream, for any model',
    dialect: 'openai-chat',
    operation: 'generate',
    body: shapes.chatRequest,
    answers: { 'application/json': shapes.chatAnswer, 'text/event-stream': shapes.chatChunk },
  }),
  modelRoute({
    path: '/v1/completions',
    summary: "OpenAI's older Completions: a prompt and its continuation, for any model",
    dialect: 'openai-chat',
    operation: 'generate',
    body: shapes.completionRequest,
    answers: {
      'application/json': shapes.completionAnswer,
      'text/event-stream': shapes.completionAnswer,
    },
    factsOf: () => COMPLETIONS,
  }),
  modelRoute({
    path: '/v1/responses',
    summary: 'OpenAI Responses, with or without stream, for any model',
    dialect: 'openai-responses',
    operation: 'generate',
    body: shapes.responsesRequest,
    answers: {
      'application/json': shapes.responsesAnswer,
      'text/event-stream': shapes.responsesEvent,
    },
  }),
  modelRoute({
    path: '/v1/responses/input_tokens',
    summary: "A request's tokens, in the shape of OpenAI Responses",
    dialect: 'openai-responses',
    operation: 'count-tokens',
    body: shapes.inputTokensRequest,
    answers: { 'application/json': shapes.inputTokensAnswer },
  }),
  modelRoute({
    path: '/v1/embeddings',
    summary: "OpenAI's embeddings",
    dialect: 'openai-chat',
    operation: 'embed',
    body: shapes.embeddingsRequest,
    answers: { 'application/json': shapes.embeddingsAnswer },
  }),
];
