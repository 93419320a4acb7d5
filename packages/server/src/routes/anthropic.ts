import { modelRoute } from '../hot-path/generate.ts';
import * as shapes from '../schemas/anthropic.ts';
import type { Route } from './route.ts';

/**
 * What Anthropic's clients use.
 *
 * @see https://platform.claude.com/docs/en/api
 */
export const anthropicRoutes: readonly Route[] = [
  modelRoute({
    path: '/v1/messages',
    summary: 'Anthropic Messages, with or without stream, for any model',
    dialect: 'anthropic-messages',
    operation: 'generate',
    body: shapes.messagesRequest,
    answers: {
      'application/json': shapes.messagesAnswer,
      'text/event-stream': shapes.messagesEvent,
    },
  }),
  modelRoute({
    path: '/v1/messages/count_tokens',
    summary: "A request's tokens, in Anthropic's shape",
    dialect: 'anthropic-messages',
    operation: 'count-tokens',
    body: shapes.countTokensRequest,
    answers: { 'application/json': shapes.countTokensAnswer },
  }),
];
