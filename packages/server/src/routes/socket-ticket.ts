import { answerJson } from '../edge/answer.ts';
import { socketTicketAnswer } from '../schemas/accounts.ts';
import { instanceNamed } from './auth-status.ts';
import type { Route } from './route.ts';

/** Lets in a peer that a person sets up: a page that sends no key, for example. */
export const socketTicketRoute: Route = {
  method: 'POST',
  path: '/v1/sockets/{instance}/ticket',
  access: 'admin',
  summary: "A ticket that one peer may connect to an instance's WebSocket path with: once, soon",
  bodyOptional: true,
  answers: { 'application/json': socketTicketAnswer },
  async handle(exchange, _grant, { kernel, draining }, { named }) {
    const { instanceId } = instanceNamed(named, kernel);
    answerJson(exchange, draining, await kernel.sockets.ticket(instanceId));
  },
};
