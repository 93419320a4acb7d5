import { writeAnswer } from '../edge/answer.ts';
import { metricsAnswer } from '../schemas/gateway.ts';
import type { Route } from './route.ts';

/** What Prometheus reads. It shows how everything stands, hence needs an admin key. */
export const metricsRoute: Route = {
  method: 'GET',
  path: '/metrics',
  access: 'admin',
  summary: 'Figures since the start, and how everything stands, in the text format of Prometheus',
  answers: { 'text/plain': metricsAnswer },
  async handle(exchange, _grant, context) {
    const { contentType, body } = await context.metrics();
    writeAnswer(exchange, context.draining, {
      status: 200,
      headers: { 'content-type': contentType, 'cache-control': 'no-store' },
      body: Buffer.from(body),
    });
  },
};
