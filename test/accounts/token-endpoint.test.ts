/** What becomes of an account whose vendor answers its renewal badly: the real library, real HTTP. */
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { oauthLogin } from '@cliproxy/oauth';
import { secret } from '@cliproxy/plugin-api';
import type { AuthContext, Credential } from '@cliproxy/plugin-api';
import { KeptLogin } from '../../packages/kernel/src/accounts/kept-login.ts';
import { MemoryCredentials } from '../../packages/kernel/src/accounts/memory-credentials.ts';
import { AllowedHosts } from '../../packages/kernel/src/http/allowed-hosts.ts';
import { bareDoor } from '../../packages/kernel/src/http/http-door.ts';
import { UpstreamPools } from '../../packages/kernel/src/http/upstream-pools.ts';
import { ManualClock } from '../../packages/kernel/test/fake-instances.ts';

type Fault = (response: ServerResponse, grant: () => object) => void | Promise<void>;

const id = 'strict/me';
const clock = new ManualClock();
const quiet = (): undefined => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
let store: MemoryCredentials;
let pools: UpstreamPools;
let server: Server;
let url: string;
let current: string;
let requests: number;
let faults: Fault[];

beforeEach(async () => {
  [current, requests, faults] = ['r0', 0, []];
  pools = new UpstreamPools('0.0.0');
  store = new MemoryCredentials();
  const credential = { secrets: { refreshToken: secret('r0') }, expiresAtMs: clock.now() };
  await store.put({ id, authenticator: 'strict', label: 'm***', credential }, 0);
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => void answer(new URLSearchParams(body), response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  pools.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Takes each refresh token once, unless the next fault does not come to that. */
async function answer(form: URLSearchParams, response: ServerResponse): Promise<void> {
  requests += 1;
  const given = form.get('refresh_token');
  const grant = (): object => {
    current = `r${requests}`;
    return { access_token: `a${requests}`, refresh_token: current, expires_in: 3600 };
  };
  if (given !== current) json(response, 400, { error: 'invalid_grant' });
  else await (faults.shift() ?? ((to) => json(to, 200, grant())))(response, grant);
}

function json(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ token_type: 'bearer', ...value }));
}

async function open(): Promise<{ login: KeptLogin; renew: () => Promise<string | undefined> }> {
  const { refresh } = oauthLogin({
    server: { issuer: url, endpoints: { token: `${url}/token`, authorize: `${url}/authorize` } },
    clientId: 'a-client',
    scopes: ['chat'],
    insecureLoopback: true,
    now: () => clock.now(),
  });
  const account = await store.get(id);
  if (account === undefined) throw new Error('the record is gone');
  const login = new KeptLogin({ store, account, clock, logger });
  const hosts = new AllowedHosts({
    instanceId: 'strict',
    packageName: 'strict',
    hosts: ['config:/baseUrl'],
    config: { baseUrl: url },
  });
  const http = bareDoor(pools.open(), hosts);
  const context: AuthContext = { signal: new AbortController().signal, http, logger };
  let held: Credential = account.credential;
  const renew = async (): Promise<string | undefined> => {
    const next = await login.renew(held, (former) => refresh(former, context));
    if (next !== undefined) held = next;
    return next?.session?.accessToken?.reveal();
  };
  return { login, renew };
}

const kept = async () => {
  const account = await store.get(id);
  return {
    token: account?.credential.secrets.refreshToken?.reveal(),
    isUnfinished: account?.renewingSinceMs !== undefined,
  };
};

test('a slow answer: renewed', async () => {
  faults.push(async (response, grant) => {
    await sleep(1_000);
    json(response, 200, grant());
  });
  const { renew } = await open();
  expect(await renew()).toBe('a1');
  expect(await kept()).toEqual({ token: 'r1', isUnfinished: false });
});

test('no new refresh token: the former one stays', async () => {
  faults.push((response) => json(response, 200, { access_token: 'a1', expires_in: 3600 }));
  const { renew } = await open();
  expect(await renew()).toBe('a1');
  expect(await kept()).toEqual({ token: 'r0', isUnfinished: false });
  expect(await renew()).toBe('a2');
});

test('429: left alone for as long as it says, then renewed', async () => {
  faults.push((response) => {
    response.writeHead(429, { 'retry-after': '40' });
    response.end('{}');
  });
  const { login, renew } = await open();
  expect(await renew()).toBeUndefined();
  expect(await kept()).toEqual({ token: 'r0', isUnfinished: false });
  clock.pass(39_000);
  expect(await renew()).toBeUndefined();
  expect(requests).toBe(1);
  clock.pass(1_000);
  expect(await renew()).toBe('a2');
  expect(login.needsLogin).toBeUndefined();
});

test.each<[string, Fault]>([
  ['500', (response) => json(response, 500, {})],
  [
    'HTML',
    (response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html>sign in to the network</html>');
    },
  ],
  ['a connection that breaks', (response) => void response.destroy()],
])('%s, and nothing was rotated: unknown, saved by the second try', async (_, fault) => {
  faults.push(fault);
  const { login, renew } = await open();
  expect(await renew()).toBeUndefined();
  expect(await kept()).toEqual({ token: 'r0', isUnfinished: true });
  expect(await renew()).toBeUndefined();
  expect(requests).toBe(1);
  clock.pass(60_000);
  expect(await renew()).toBe('a2');
  expect(login.needsLogin).toBeUndefined();
  expect(await kept()).toEqual({ token: 'r2', isUnfinished: false });
});

test('an answer that is lost after the rotation: needs a login, asked twice in all, record kept', async () => {
  faults.push((response, grant) => {
    grant();
    response.destroy();
  });
  const { login, renew } = await open();
  expect(await renew()).toBeUndefined();
  for (let minutes = 0; minutes < 10; minutes += 1) {
    clock.pass(60_000);
    expect(await renew()).toBeUndefined();
  }
  expect(requests).toBe(2);
  expect(login.needsLogin).toContain('invalid_grant');
  expect(await kept()).toEqual({ token: 'r0', isUnfinished: true });
});

test('a vendor that is not there: nothing is lost, and nothing unknown', async () => {
  const { login, renew } = await open();
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  expect(await renew()).toBeUndefined();
  expect(await kept()).toEqual({ token: 'r0', isUnfinished: false });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  clock.pass(30_000);
  expect(await renew()).toBe('a1');
  expect(login.needsLogin).toBeUndefined();
});
