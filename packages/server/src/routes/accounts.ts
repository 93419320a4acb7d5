import { GatewayError } from '@cliproxy/plugin-api';
import { answerJson } from '../edge/answer.ts';
import { accountsAnswer, resetRequest } from '../schemas/accounts.ts';
import { readJsonObject } from './json-object.ts';
import type { Route } from './route.ts';

/** What operators see and undo of all accounts. */
export const accountRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/accounts',
    access: 'admin',
    summary: 'Every account: where it comes from, how it stands, what to do about it',
    answers: { 'application/json': accountsAnswer },
    handle(exchange, _grant, context) {
      answerJson(exchange, context.draining, { accounts: context.kernel.accounts() });
    },
  },
  {
    method: 'POST',
    path: '/v1/accounts/reset',
    access: 'admin',
    summary: 'Forgets what stands against an account, or against all; answers as /v1/accounts',
    body: resetRequest,
    bodyOptional: true,
    answers: { 'application/json': accountsAnswer },
    async handle(exchange, _grant, context) {
      const { account } = await readJsonObject(exchange, context);
      if (account !== undefined && typeof account !== 'string') {
        throw new GatewayError('CLIENT_BAD_REQUEST', '`account` must be the id of an account.');
      }
      context.kernel.resetAccounts(account);
      answerJson(exchange, context.draining, { accounts: context.kernel.accounts() });
    },
  },
];
