import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startScriptedUpstream, startTestGateway } from '@cliproxy/plugin-testkit';
import type { ScriptedUpstream, TestGateway } from '@cliproxy/plugin-testkit';
import { openPluginFolder } from '../plugins/plugin-folder.ts';
import { prepareOnce, until } from '../process/gateway-process.ts';

/** Logs in, renews and ends its accounts over the gateway's connections, and has one of its own. */
const SOURCE = `
import { configSchema, definePlugin, secret, services } from '@cliproxy/plugin-api';
import { Readable } from 'node:stream';
const any = { type: 'object', additionalProperties: true, required: [], properties: {} };
const json = async (reply) => { let text = ''; for await (const piece of reply.body) text += piece; return JSON.parse(text); };
export default definePlugin({
  config: configSchema(any),
  deps: { accounts: services.accounts, http: services.http, clock: services.clock, address: services.address },
  setup: ({ config }, { accounts, http, clock, address }) => {
    const ask = (door, path, signal, headers = {}) => door.request({ method: 'POST', url: config.baseUrl + path, headers }, signal);
    const credentialOf = ({ access }, refresh) => ({ secrets: { refresh }, session: { access: secret(access) }, expiresAtMs: clock.now() + 3_600_000 });
    return {
      executor: {
        kind: 'wire',
        speaks: { 'openai-chat': ['generate'] },
        models: async () => [{ id: 'm' }],
        async send(call) {
          const { messages } = JSON.parse(call.body);
          if (messages[0].content === 'exit') process.exit(1);
          if (messages[0].content === 'where') {
            const choices = [{ index: 0, message: { role: 'assistant', content: JSON.stringify([address.current(), address.local, Math.abs(clock.now() - Date.now()) < 1000]) }, finish_reason: 'stop' }];
            return { status: 200, headers: {}, body: Readable.from([Buffer.from(JSON.stringify({ id: 'x', object: 'chat.completion', created: 1, model: 'm', choices }))]) };
          }
          return call.http.request({ method: 'POST', url: config.baseUrl + call.path, headers: call.headers, body: call.body }, call.signal);
        },
      },
      authenticators: [{
        id: 'token',
        method: 'token',
        authorize: async (request, { session, secrets }) => ({ ...request, headers: { ...request.headers, authorization: 'Bearer ' + (session?.access ?? secrets.refresh).reveal() } }),
        async login(session) {
          session.progress('asking who it is');
          const refresh = session.input.token;
          const who = await json(await ask(session.http, '/who', session.signal, { token: refresh.reveal() }));
          return { key: who.key, label: who.label, credential: credentialOf(who, refresh) };
        },
        refresh: async (credential, { http, signal }) => credentialOf(await json(await ask(http, '/token', signal, { token: credential.secrets.refresh.reveal() })), credential.secrets.refresh),
        refreshSpends: () => false,
        async revoke(credential, { http, signal }) { await json(await ask(http, '/revoke', signal, { token: credential.secrets.refresh.reveal() })); },
      }],
      accounts: [],
      start: async (signal) => {
        const { label } = await json(await ask(http, '/own', signal));
        await accounts.attach({ key: 'own', authenticator: 'token', label, credential: { secrets: { refresh: secret('own-secret-0001') } } });
      },
    };
  },
});
`;

const TOKEN = 'pasted-secret-token-0001';
const plugins = openPluginFolder();
let gateway: TestGateway;
let upstream: ScriptedUpstream;
let access = 'access-secret-0001';

beforeAll(async () => {
  prepareOnce();
  upstream = await startScriptedUpstream();
  upstream.answer(({ url, headers }) => {
    const said = (value: object, status = 200) => ({
      status,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(value),
    });
    if (url === '/own') return said({ label: 'of its own' });
    if (url === '/who') return said({ key: 'ada', label: 'a***', access });
    if (url === '/token' || url === '/revoke') return said({ access });
    const known = [`Bearer ${access}`, 'Bearer own-secret-0001'];
    if (!known.includes(headers.authorization ?? ''))
      return said({ error: { message: 'no' } }, 401);
    const message = { role: 'assistant', content: headers.authorization };
    return said({ id: 'x', choices: [{ index: 0, message, finish_reason: 'stop' }] });
  });
  const folder = plugins.add({
    id: 'keeper',
    manifest: {
      provides: { executor: true, authenticators: ['token'] },
      permissions: { hosts: ['127.0.0.1'] },
    },
    module: SOURCE,
  });
  gateway = await startTestGateway({
    plugins: [
      {
        package: folder,
        instanceId: 'keeper',
        isolation: 'process',
        config: { baseUrl: upstream.url },
      },
    ],
  });
}, 300_000);
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
  plugins.remove();
});

async function say(content: string): Promise<string> {
  const body = { model: 'keeper/m', messages: [{ role: 'user', content }] };
  const reply = await gateway.ask('/v1/chat/completions', { body });
  const { choices } = (await reply.json()) as {
    readonly choices?: readonly { readonly message: { readonly content: string } }[];
  };
  return choices?.[0]?.message.content ?? String(reply.status);
}

async function accounts(): Promise<readonly string[]> {
  const reply = await gateway.ask('/v1/auth/keeper/status', { admin: true });
  const { accounts: all } = (await reply.json()) as {
    readonly accounts: readonly { id: string }[];
  };
  return all.map(({ id }) => id).sort();
}

const asked = (path: string): number => upstream.requests.filter(({ url }) => url === path).length;

test('accounts of an isolated plugin log in, are renewed and end; its own come and go with it', async () => {
  expect(await accounts()).toEqual(['keeper/own']);
  expect(await say('hello')).toBe('Bearer own-secret-0001');
  expect(JSON.parse(await say('where'))).toEqual([gateway.url, true, true]);

  const login = await gateway.ask('/v1/auth/keeper/login', { admin: true, body: { token: TOKEN } });
  expect(await login.json()).toMatchObject({
    login: { state: 'done', account: { id: 'keeper/ada' }, progress: ['asking who it is'] },
  });
  expect(await accounts()).toEqual(['keeper/ada', 'keeper/own']);

  // What was given has ended: refused, renewed, sent once more.
  access = 'access-secret-0002';
  const heard = [await say('hello'), await say('hello')].sort();
  expect(heard).toEqual([`Bearer ${access}`, 'Bearer own-secret-0001']);
  expect(asked('/token')).toBe(1);

  expect(await say('exit')).toBe('503');
  await until(async () => (await accounts()).length === 1);
  await until(async () => (await accounts()).length === 2);
  expect(asked('/own')).toBe(2);
  await until(async () => (await say('hello')) !== '503');

  const url = `${gateway.url}/v1/auth/keeper?account=keeper%2Fada`;
  const headers = { authorization: `Bearer ${gateway.adminKey}` };
  const logout = await fetch(url, { method: 'DELETE', headers });
  expect([logout.status, asked('/revoke')]).toEqual([200, 1]);
  expect(await accounts()).toEqual(['keeper/own']);

  const log = gateway.log();
  const secrets = [TOKEN, 'access-secret-0001', 'access-secret-0002', 'own-secret-0001'];
  expect(secrets.filter((secret) => log.includes(secret))).toEqual([]);
});
