import type { Dialect } from '@cliproxy/plugin-api';
import { answerJson } from '../edge/answer.ts';
import { explanation } from '../schemas/gateway.ts';
import type { Route } from './route.ts';

const DIALECTS: readonly Dialect[] = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
];

/** The way a request would take, without sending one. */
export const explainRoute: Route = {
  method: 'GET',
  path: '/v1/routes/explain',
  access: 'admin',
  summary: 'Which way ?model= would take, and why; ?dialect= as in the request',
  query: {
    type: 'object',
    properties: {
      model: { type: 'string', description: 'as a client would name it' },
      dialect: { enum: DIALECTS, default: 'openai-chat' },
    },
    required: ['model'],
  },
  answers: { 'application/json': explanation },
  handle(exchange, _grant, context, { query }) {
    const model = query.text('model') ?? '';
    const dialect = (query.text('dialect') ?? 'openai-chat') as Dialect;
    const plan = context.kernel.plan({ model, dialect, operation: 'generate' });
    answerJson(exchange, context.draining, context.explain(plan));
  },
};
