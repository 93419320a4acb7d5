import { GatewayError } from '@cliproxy/plugin-api';
import type { Dialect } from '@cliproxy/plugin-api';
import { answerJson } from '../edge/answer.ts';
import type { RouteHandler } from './route.ts';

const DIALECTS: readonly Dialect[] = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
];

/** `GET /v1/routes/explain?model=&dialect=`: the way a request would take, without sending one. */
export const explainRoute: RouteHandler = (exchange, _grant, context) => {
  const query = new URLSearchParams(exchange.query);
  const model = query.get('model') ?? '';
  if (model === '') {
    throw new GatewayError('CLIENT_BAD_REQUEST', 'the query names no model; add ?model=NAME');
  }
  const asked = query.get('dialect') ?? 'openai-chat';
  const dialect = DIALECTS.find((one) => one === asked);
  if (dialect === undefined) {
    throw new GatewayError(
      'CLIENT_BAD_REQUEST',
      `dialect ${JSON.stringify(asked.slice(0, 100))} is not one of ${DIALECTS.join(', ')}`,
    );
  }
  const plan = context.kernel.plan({ model, dialect, operation: 'generate' });
  answerJson(exchange, context.draining, context.explain(plan));
};
