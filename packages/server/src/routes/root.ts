import { answerJson } from '../edge/answer.ts';
import { rootAnswer } from '../schemas/gateway.ts';
import type { Route } from './route.ts';

/** Some clients look here first to see whether anything is there. */
export const rootRoute: Route = {
  method: 'GET',
  path: '/',
  access: 'anyone',
  summary: 'What this is',
  answers: { 'application/json': rootAnswer },
  handle(exchange, _grant, context) {
    answerJson(exchange, context.draining, {
      name: 'cliproxy',
      version: context.version,
      docs: 'docs/API.md',
    });
  },
};
