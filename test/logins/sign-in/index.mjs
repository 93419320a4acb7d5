// A plugin whose accounts are logged in, as an author would write it: by redirect, by a device code,
// or with a token that the person has. It talks to the vendor of vendor.ts.
import { setTimeout as sleep } from 'node:timers/promises';
import { configSchema, definePlugin, GatewayError, readBody, secret } from '@cliproxy/plugin-api';

export default definePlugin({
  config: configSchema({
    type: 'object',
    additionalProperties: false,
    required: ['baseUrl'],
    properties: { baseUrl: { type: 'string' }, copied: { type: 'boolean', default: false } },
  }),
  setup: ({ config: { baseUrl, copied } }) => ({
    executor: {
      kind: 'wire',
      speaks: { 'openai-chat': ['generate'] },
      models: async () => [{ id: 'signed-1' }],
      send: ({ http, headers, body, signal }) =>
        http.request({ method: 'POST', url: `${baseUrl}/chat`, headers, body }, signal),
    },
    authenticators: [
      authenticator('sign-in', baseUrl),
      ...(copied ? [authenticator('copied', baseUrl)] : []),
    ],
    accounts: [],
    sockets: [endpoint],
  }),
});

/** Lets nobody in: what it gives is looked at, and not used. */
const endpoint = {
  path: '/acme/ws',
  origins: [],
  maxMessageBytes: 1,
  admit: () => Promise.reject(new GatewayError('CLIENT_UNAUTHORIZED', 'nobody comes in')),
  issueTicket: async () => ({ ticket: 'ticket.once', expiresAtMs: Date.now() + 60_000 }),
};

function authenticator(id, baseUrl) {
  const post = async ({ http, signal }, path, query) => {
    const url = `${baseUrl}${path}?${new URLSearchParams(query)}`;
    const reply = await http.request({ method: 'POST', url, headers: {} }, signal);
    return { status: reply.status, body: JSON.parse(await readBody(reply, 10_000)) };
  };
  const account = ({ status, body }) => {
    if (status !== 200)
      throw new GatewayError('AUTH_LOGIN_FAILED', `the vendor said: ${body.error}`);
    return {
      key: body.who,
      label: `${body.who[0]}***@vendor.test`,
      authenticator: id,
      credential: {
        secrets: { access: secret(body.access) },
        facts: { plan: 'plus', scopes: 'chat files' },
        expiresAtMs: Date.now() + 3_600_000,
      },
    };
  };
  return {
    id,
    method: 'oauth',
    authorize: async (request, { secrets }) => ({
      ...request,
      headers: { ...request.headers, authorization: `Bearer ${secrets.access.reveal()}` },
    }),
    async login(session) {
      const { input, state } = session;
      if (input.token !== undefined) {
        return account(await post(session, '/token', { token: input.token.reveal() }));
      }
      if (input.flow?.reveal() === 'device') {
        const { body } = await post(session, '/device', {});
        session.showCode(`${baseUrl}/enter`, body.code);
        for (;;) {
          const answer = await post(session, '/token', { device: body.device });
          if (answer.body.error !== 'pending') return account(answer);
          await sleep(50);
        }
      }
      const redirect = await session.redirectUri({ path: '/back' });
      session.open(`${baseUrl}/authorize?${new URLSearchParams({ state, redirect })}`);
      const { code, error } = await session.callback();
      if (code === undefined) throw new GatewayError('AUTH_LOGIN_FAILED', `declined: ${error}`);
      session.progress(`redeeming ${code}`);
      return account(await post(session, '/token', { code }));
    },
    revoke: async ({ secrets }, context) => {
      await post(context, '/revoke', { access: secrets.access.reveal() });
    },
  };
}
