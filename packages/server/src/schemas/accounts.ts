import { integer, object, objects, string } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

const strings: JsonSchema = { type: 'array', items: string };

const account = object(
  'Account',
  {
    id: string,
    instanceId: string,
    label: { type: 'string', description: 'masked' },
    source: { enum: ['configured', 'logged-in', 'attached'] },
    authenticator: string,
    method: { enum: ['api-key', 'oauth', 'token', 'browser'] },
    facts: { type: 'object' },
    scopes: strings,
    expiresAtMs: integer,
    state: { enum: ['usable', 'cooling', 'trial', 'needs-login', 'invalid-key', 'probe-down'] },
    reason: string,
    untilMs: integer,
    retryInMs: integer,
    models: objects,
    quotas: objects,
    next: { type: 'string', description: 'what to do about it; absent: nothing' },
  },
  ['id', 'instanceId', 'label', 'source', 'facts', 'scopes', 'state'],
);
const accounts: JsonSchema = { type: 'array', items: account };

const login = object(
  'Login',
  {
    id: string,
    instanceId: string,
    authenticator: string,
    state: { enum: ['starting', 'waiting', 'done', 'failed', 'expired', 'cancelled'] },
    url: { type: 'string', description: 'the page to open in a browser' },
    code: { type: 'string', description: 'what to enter there' },
    progress: strings,
    acceptsPaste: { type: 'boolean' },
    account: { type: 'object', description: 'who was logged in' },
    error: { type: 'object', description: 'code and message' },
    startedAtMs: integer,
    expiresAtMs: integer,
    endedAtMs: integer,
    version: { type: 'integer', description: 'rises with every change: for ?seen=' },
    next: { type: 'string', description: 'what to do; absent: nothing' },
  },
  ['id', 'instanceId', 'authenticator', 'state', 'progress', 'acceptsPaste', 'version'],
);

export const accountsAnswer = object('Accounts', { accounts });

export const authAnswer = object(
  'AuthStatus',
  {
    instance: string,
    state: string,
    accounts,
    next: { type: 'string', description: 'what to do; absent: nothing, or as the others say' },
    login,
  },
  ['instance', 'state', 'accounts'],
);

export const logoutAnswer = object(
  'Logout',
  {
    accountId: string,
    label: string,
    revoked: { enum: ['yes', 'failed', 'unsupported'] },
    reason: string,
  },
  ['accountId', 'label', 'revoked'],
);

export const resetRequest = object(
  'ResetRequest',
  { account: { type: 'string', description: 'an account id; absent: all' } },
  [],
);

export const loginRequest: JsonSchema = {
  ...object(
    'LoginRequest',
    {
      authenticator: { type: 'string', description: 'which, where the instance has several' },
      account: { type: 'string', description: 'id of the account that logs in again' },
      callbackUrl: {
        type: 'string',
        description: "this gateway's own callback route, as registered at the vendor",
      },
      login: { type: 'string', description: 'with paste: which login, where several wait' },
      paste: {
        type: 'string',
        description: 'the address that the browser ended at, or the code on its page',
      },
    },
    [],
  ),
  description: 'further members go to the plugin, for example token, cookie, credentials',
};

export const ticketAnswer = object('Ticket', { path: string, expiresAtMs: integer });

export const socketTicketAnswer = object('SocketTicket', {
  path: { type: 'string', description: 'the WebSocket path that it counts at' },
  ticket: { type: 'string', description: 'what the peer shows; a secret until it is used' },
  expiresAtMs: integer,
});

/** A page for a person. */
export const page: JsonSchema = { type: 'string' };
