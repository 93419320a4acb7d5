import { answerJson } from '../edge/answer.ts';
import type { RouteHandler } from './route.ts';

/** `GET /`: some clients look here first to see whether anything is there. */
export const root: RouteHandler = (exchange, _grant, context) => {
  answerJson(exchange, context.draining, {
    name: 'cliproxy',
    version: context.version,
    docs: 'docs/API.md',
  });
};
