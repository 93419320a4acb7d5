// What a client waits for the router itself where accounts are logged in: the token is valid, the
// exchange is cached. Beside it the same question, asked of the vendor without a router.
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { startCtonew } from '@cliproxy/plugin-testkit';
import { WebSocket } from 'ws';
import { load } from './load.mjs';
import { end, routerProgram, start } from './processes.mjs';
import { median } from './table.mjs';

const CLIENT_KEY = 'bench-client-key-0123456789';
const ADMIN_KEY = 'bench-admin-key-0123456789';
const ORIGIN = 'https://cto.new';
/** The first requests open connections and warm up, and are not counted. */
const WARM_COUNT = 5;

/** Longest times that the router may add, in milliseconds; a few are aimed at. */
const CEILING_MS = { llmux: 200, ctonew: 300 };

/**
 * @param upstream - address of the vendors' stand-in
 * @param folder - for the router's configuration and accounts
 * @param count - how many requests each way
 */
export async function measureLogins({ root, upstream, folder, count }) {
  const tokens = await startTokens();
  const [cli, web] = await Promise.all([startCtonew(), startCtonew()]);
  let router;
  try {
    for (const { account } of [cli, web]) account.tokenLifetime = 3600;
    cli.commandLine.script({ parts: [{ type: 'text', text: 'Hello there', pieces: 1 }] });
    web.engineLabs.answers.splice(0, 1, { text: ['Hello there', ' again'] });
    const file = path.join(folder, 'config.yaml');
    fs.mkdirSync(folder);
    const configuration = configurationOf({ upstream, tokens: tokens.url, cli, web });
    fs.writeFileSync(file, JSON.stringify(configuration), { mode: 0o600 });
    router = await start(routerProgram(root, file));
    await logIn(router.url, 'claude', {});
    await logIn(router.url, 'cto', { token: cli.account.cookie });
    await logIn(router.url, 'cto-web', { token: web.account.cookie });

    const chat = (model) => body({ model, messages: [{ role: 'user', content: 'Hello' }] });
    const message = (model) =>
      body({ model, max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }] });
    const by = (at, bytes, mark) => (n) =>
      load({ url: router.url, path: at, body: bytes, mark, headers: bearer(CLIENT_KEY) }, n, 1);
    const direct = (url, at, bytes, mark, token) => (n) =>
      load({ url, path: at, body: bytes, mark, headers: bearer(token) }, n, 1);
    const token = cli.account.sessionToken();
    const ways = [
      {
        name: 'llmux: account of claude.ai',
        ceilingMs: CEILING_MS.llmux,
        router: by('/v1/messages', message('claude/claude-bench'), 'message_stop'),
        direct: direct(
          upstream,
          '/v1/messages',
          message('claude-bench'),
          'message_stop',
          'at-bench',
        ),
      },
      {
        name: 'ctonew, mode cli',
        ceilingMs: CEILING_MS.ctonew,
        router: by('/v1/chat/completions', chat('cto/gpt-5'), '[DONE]'),
        direct: direct(cli.apiUrl, '/chat/completions', chat('gpt-5'), '[DONE]', token),
      },
      {
        name: 'ctonew, mode web',
        ceilingMs: CEILING_MS.ctonew,
        router: by('/v1/chat/completions', chat('cto-web/gpt-5'), '[DONE]'),
        direct: (n) => times(n, () => askPage(web)),
      },
    ];
    const measured = [];
    for (const way of ways) measured.push(await measureWay(way, count));
    const violations = [...cli.violations(), ...web.violations()];
    if (violations.length > 0) throw new Error(violations.join('\n'));
    return measured;
  } finally {
    if (router !== undefined) end(router);
    await Promise.all([tokens.close(), cli.close(), web.close()]);
  }
}

/** In turn, so that both meet the same machine. */
async function measureWay({ name, ceilingMs, router, direct }, count) {
  await direct(WARM_COUNT);
  await router(WARM_COUNT);
  const times = { direct: [], router: [] };
  for (let n = 0; n < count; n += 1) {
    times.direct.push(...(await direct(1)));
    times.router.push(...(await router(1)));
  }
  const [directMs, routerMs] = [median(times.direct), median(times.router)];
  return { name, directMs, routerMs, addedMs: routerMs - directMs, ceilingMs };
}

/** As the plugin does it, without the router: the stream of the answer first, then the question. */
function askPage({ apiUrl, account }) {
  const began = performance.now();
  const chatHistoryId = randomUUID();
  const stream = `/engine-agent/chat-histories/${chatHistoryId}/buffer/stream`;
  const address = `${apiUrl.replace('http', 'ws')}${stream}?token=${account.userId}`;
  const socket = new WebSocket(address, { origin: ORIGIN });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('open', () => {
      const question = { prompt: 'Hello', chatHistoryId, adapterName: 'GPT5' };
      const headers = { ...bearer(account.sessionToken()), origin: ORIGIN };
      const request = http.request(`${apiUrl}/engine-agent/chat`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
      });
      request.once('error', reject);
      request.once('response', (reply) => reply.resume());
      request.end(JSON.stringify(question));
    });
    socket.on('message', (data) => {
      if (!data.toString().includes('Hello there')) return;
      socket.close();
      resolve(performance.now() - began);
    });
  });
}

async function times(count, ask) {
  const found = [];
  for (let n = 0; n < count; n += 1) found.push(await ask());
  return found;
}

/** By a code that is pasted, where the vendor wants one. */
async function logIn(url, instance, input) {
  const post = async (value) => {
    const reply = await fetch(`${url}/v1/auth/${instance}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(ADMIN_KEY) },
      body: JSON.stringify(value),
    });
    const answer = await reply.json();
    if (!reply.ok) throw new Error(`${instance}: ${JSON.stringify(answer)}`);
    return answer.login.state;
  };
  if ((await post(input)) !== 'done') await post({ paste: 'a-code-0123456789' });
  for (;;) {
    const reply = await fetch(`${url}/v1/auth/${instance}/status?wait=20`, {
      headers: bearer(ADMIN_KEY),
    });
    const { login } = await reply.json();
    if (login.state === 'done') return;
    if (login.endedAtMs !== undefined)
      throw new Error(`${instance}: ${JSON.stringify(login.error)}`);
  }
}

/** A token endpoint that gives whoever comes an account. */
async function startTokens() {
  const answer = JSON.stringify({
    access_token: 'at-bench',
    refresh_token: 'rt-bench',
    token_type: 'bearer',
    expires_in: 3600,
    account: { uuid: 'bench', email_address: 'bench@example.com' },
  });
  const server = http.createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

function configurationOf({ upstream, tokens, cli, web }) {
  const oauth = {
    acceptSubscriptionRisk: true,
    clientId: randomUUID(),
    authorizeUrl: `${tokens}/authorize`,
    tokenUrl: `${tokens}/token`,
  };
  const ctonew = ({ apiUrl, clerkUrl }, mode) => ({
    package: '@cliproxy/plugin-ctonew',
    config: { acceptSubscriptionRisk: true, mode, apiBaseUrl: apiUrl, clerkBaseUrl: clerkUrl },
  });
  return {
    server: { port: 0, apiKeys: [CLIENT_KEY], adminKeys: [ADMIN_KEY] },
    log: { level: 'warn' },
    plugins: {
      claude: { package: '@cliproxy/plugin-llmux-claude', config: { baseUrl: upstream, oauth } },
      cto: ctonew(cli, 'cli'),
      'cto-web': ctonew(web, 'web'),
    },
  };
}

function body(question) {
  return Buffer.from(JSON.stringify({ ...question, stream: true }));
}

function bearer(key) {
  return { authorization: `Bearer ${key}` };
}
