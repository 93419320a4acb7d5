/**
 * The whole of it: a gateway in a process of its own, its browser service, real Chromium, a page that
 * asks a strict fake of Gemini across origins, and the vendors' SDKs in front.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import type { AddressInfo } from 'node:net';
import { GoogleGenAI } from '@google/genai';
import { findChromium, hasXvfb, startXDisplay } from '@cliproxy/plugin-testkit';
import type { XDisplay } from '@cliproxy/plugin-testkit';
import OpenAI from 'openai';
import { ADMIN_KEY, KEY, logged, openWorkshop, until } from '../process/gateway-process.ts';
import type { GatewayProcess, Workshop } from '../process/gateway-process.ts';
import { MOCKED_MODEL, SESSION_COOKIE, startAiStudio } from './ai-studio.ts';
import type { AiStudio } from './ai-studio.ts';

const chromium = findChromium();
const canShow = chromium !== undefined && hasXvfb() && process.platform === 'linux';
const withWindows = canShow ? describe : describe.skip;
const MODEL = 'gemini-2-flash-aistudio';
const LIMIT_MS = 240_000;
/** Within this time the page serves again after a crash. */
const CRASH_MS = 5_000;
/** The same where a freeze has to be noticed first. */
const FREEZE_MS = 30_000;

/** A local web service, which the gateway starts as well: its first argument is its port. */
const WEB_SERVICE = `
require('node:http').createServer((request, answer) => {
  answer.setHeader('content-type', 'application/json');
  answer.end(JSON.stringify(request.url === '/v1/models' ? { data: [{ id: 'm' }] } : { paths: {} }));
}).listen(Number(process.argv[1]), '127.0.0.1');
`;

let display: XDisplay;
let studio: AiStudio;
let workshop: Workshop;
let gateway: GatewayProcess;
let config: string;

beforeAll(async () => {
  if (!canShow) return;
  display = await startXDisplay();
  studio = await startAiStudio();
  workshop = openWorkshop();
  const servicePort = await freePort();
  config = workshop.config(
    JSON.stringify({
      server: { port: await freePort(), apiKeys: [KEY], adminKeys: [ADMIN_KEY] },
      plugins: {
        echo: {},
        'webai-proxy': {
          config: {
            baseUrl: `http://127.0.0.1:${servicePort}`,
            service: { command: [process.execPath, '-e', WEB_SERVICE, String(servicePort)] },
          },
        },
        'aistudio-relay': {
          config: {
            baseUrl: studio.apiUrl,
            origins: [new URL(studio.pageUrl).origin],
            browser: {
              pages: [{ profile: 'work', url: studio.pageUrl }],
              signIn: {
                url: studio.signInUrl,
                done: { url: studio.pageUrl, cookie: SESSION_COOKIE },
              },
            },
          },
        },
      },
    }),
  );
  gateway = await start();
}, LIMIT_MS);

afterAll(async () => {
  if (!canShow) return;
  gateway.kill('SIGTERM');
  await gateway.ended;
  await until(() => browsers().length === 0, 'a browser is left');
  workshop.clear();
  await studio.close();
  await display.close();
}, LIMIT_MS);

/** So that commands find the gateway, and pages do after it was started anew. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const start = (): Promise<GatewayProcess> =>
  workshop.start(['--config', config], { env: { DISPLAY: display.name } });

async function admin(path: string, method = 'GET', body?: object): Promise<Record<string, never>> {
  const reply = await fetch(gateway.url + path, {
    method,
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await reply.json()) as Record<string, never>;
}

const openai = (): OpenAI =>
  new OpenAI({
    apiKey: KEY,
    baseURL: `${gateway.url}/v1`,
    maxRetries: 0,
    fetch: (...args) => fetch(...args),
  });
const genai = (): GoogleGenAI =>
  new GoogleGenAI({
    apiKey: KEY,
    httpOptions: {
      baseUrl: gateway.url,
      retryOptions: { attempts: 1 },
      fetch: (url, init: RequestInit = {}) => {
        delete init.dispatcher;
        return fetch(url, init);
      },
    },
  });
const say = (text: string) => ({
  model: MODEL,
  messages: [{ role: 'user' as const, content: text }],
});

const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
};

function expectWeatherCall({ choices }: OpenAI.Chat.ChatCompletion): void {
  const call = choices[0]?.message.tool_calls?.[0];
  expect(call?.type === 'function' && JSON.parse(call.function.arguments)).toEqual({
    city: 'Zürich',
  });
}

/** Asks until it is answered: the page has to be there. */
async function untilServed(): Promise<void> {
  await until(async () => {
    try {
      await openai().chat.completions.create(say('there?'), { timeout: 30_000 });
      return true;
    } catch (error) {
      if (error instanceof OpenAI.APIError) return false;
      throw error;
    }
  }, 'the page never served again');
}

/** Main processes of Chromium that this test's gateway has open. */
function browsers(): readonly number[] {
  return processes(
    ({ command }) =>
      command.includes(`--user-data-dir=${workshop.dir}`) && !command.includes('--type='),
  );
}

interface Running {
  readonly pid: number;
  readonly group: number;
  readonly command: string;
}

function processes(fits: (one: Running) => boolean): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name): Running[] => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (state === 'Z') return [];
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
        return [{ pid: Number(name), group: Number(group), command }];
      } catch {
        return [];
      }
    })
    .filter(fits)
    .map(({ pid }) => pid);
}

const renderers = (): readonly number[] => {
  const [browser] = browsers();
  return processes(
    ({ group, command }) => group === browser && command.includes('--type=renderer'),
  );
};
/** The browser service: Node, working in its folder of the data folder. */
const services = (): readonly number[] =>
  processes(({ pid, command }) => {
    if (!command.includes('service/main.js')) return false;
    try {
      return readlinkSync(`/proc/${pid}/cwd`).includes(workshop.dir);
    } catch {
      return false;
    }
  });

/**
 * How many processes there are for each core; 1 where there is one to spare. A browser's start is work
 * of several cores: where other tests want them as well, it takes as much longer, whatever we do.
 */
function crowding(): number {
  const runnable = Number(/ (\d+)\/\d+ /u.exec(readFileSync('/proc/loadavg', 'utf8'))?.[1] ?? 1);
  const [lastMinute = 1] = os.loadavg();
  return Math.max(1, Math.max(runnable, lastMinute) / os.availableParallelism());
}

withWindows('a page in a browser of the gateway', () => {
  test(
    'logs in by a window that closes by itself, and the page serves',
    async () => {
      const begun = await admin('/v1/auth/aistudio/login', 'POST', { profile: 'work' });
      expect(begun).toMatchObject({
        instance: 'aistudio-relay',
        login: { authenticator: 'browser' },
      });
      await until(() => studio.isAsked(), 'no window came');
      const waiting = await admin('/v1/auth/aistudio/status');
      expect(JSON.stringify(waiting.login)).toContain('A browser is open on this machine');
      studio.signIn();
      const done = await admin('/v1/auth/aistudio/status?wait=60');
      expect(done).toMatchObject({
        login: { state: 'done', account: { id: 'aistudio-relay/work' } },
        accounts: [{ id: 'aistudio-relay/work', source: 'logged-in', method: 'browser' }],
      });
      await untilServed();
    },
    LIMIT_MS,
  );

  test(
    'answers the SDKs: text, streams, tools, pictures, counts',
    async () => {
      studio.gemini.script({ parts: [{ type: 'text', text: 'Good day, wörld', pieces: 5 }] });
      const whole = await openai().chat.completions.create(say('hello'));
      expect(whole.choices[0]?.message.content).toBe('Good day, wörld');
      expect(whole.model).toBe(MODEL);
      let text = '';
      const stream = await openai().chat.completions.create({ ...say('hello'), stream: true });
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
      expect(text).toBe('Good day, wörld');

      const answer = await genai().models.generateContent({ model: MODEL, contents: 'hello' });
      expect([answer.text, answer.modelVersion]).toEqual(['Good day, wörld', MODEL]);
      let pieces = '';
      for await (const piece of await genai().models.generateContentStream({
        model: MODEL,
        contents: 'hello',
      })) {
        pieces += piece.text ?? '';
      }
      expect(pieces).toBe('Good day, wörld');
      const { totalTokens } = await genai().models.countTokens({ model: MODEL, contents: 'hello' });
      expect(totalTokens).toBeGreaterThan(0);

      const picture =
        'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
      studio.gemini.script({
        parts: [{ type: 'tool-call', name: 'weather', arguments: { city: 'Zürich' } }],
      });
      const called = await openai().chat.completions.create({
        model: MODEL,
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is this, and how is the weather there?' },
              { type: 'image_url', image_url: { url: `data:image/png;base64,${picture}` } },
            ],
          },
        ],
        tools: [WEATHER],
      });
      expectWeatherCall(called);
      expect(JSON.stringify(studio.gemini.requests.at(-1)?.body)).toContain(picture);
      expect(studio.gemini.requests.at(-1)?.path).toContain('/models/gemini-2-flash:');
      expect(studio.gemini.violations).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'answers them as well where aimock is the upstream',
    async () => {
      const model = `${MOCKED_MODEL}-aistudio`;
      studio.mock.onMessage('say hello', { content: 'Hello, 世界! 👋' }).onMessage('the weather', {
        toolCalls: [{ name: 'weather', arguments: '{"city":"Zürich"}' }],
      });
      const messages = [{ role: 'user' as const, content: 'say hello' }];
      const whole = await openai().chat.completions.create({ model, messages });
      expect(whole.choices[0]?.message.content).toBe('Hello, 世界! 👋');
      let text = '';
      for await (const piece of await genai().models.generateContentStream({
        model,
        contents: 'say hello',
      })) {
        text += piece.text ?? '';
      }
      expect(text).toBe('Hello, 世界! 👋');
      const called = await openai().chat.completions.create({
        model,
        messages: [{ role: 'user', content: 'the weather' }],
        tools: [WEATHER],
      });
      expectWeatherCall(called);
      expect(studio.mock.getRequests().length).toBeGreaterThanOrEqual(3);
    },
    LIMIT_MS,
  );

  test(
    'a client that leaves is seen by the vendor',
    async () => {
      studio.gemini.script({
        parts: [{ type: 'text', text: 'and so on' }],
        stream: { endless: true },
      });
      const stream = await openai().chat.completions.create({ ...say('hello'), stream: true });
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
      stream.controller.abort();
      const asked = studio.gemini.requests.findLast(({ path }) =>
        path.endsWith('streamGenerateContent'),
      );

      await until(() => asked?.aborted === true, 'the vendor never saw it');
    },
    LIMIT_MS,
  );

  test(
    '20 streams at once, though a browser has six connections to a host',
    async () => {
      const words = Array.from({ length: 200 }, (_, at) => `wörd${at}`).join(' ');
      studio.gemini.script({ parts: [{ type: 'text', text: words, pieces: 50 }] });
      const answers = await Promise.all(
        Array.from({ length: 20 }, async () => {
          let text = '';
          const stream = await openai().chat.completions.create({ ...say('hello'), stream: true });
          for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
          return text;
        }),
      );
      expect(new Set(answers)).toEqual(new Set([words]));
    },
    LIMIT_MS,
  );

  test(
    'shows its processes, with everything on: three of ours, and the browser',
    async () => {
      let stdout = '';
      await until(async () => {
        ({ stdout } = await workshop.run(['status', '--config', config]));
        return /^webai-proxy\/service +\d+ +ready/mu.test(stdout);
      }, 'the web service was never ready');
      console.info(stdout);
      expect(stdout).toMatch(/^3 processes$/mu);
      const shown = [...stdout.matchAll(/^(\S+) +(\d+) +ready .*\d MB/gmu)];
      expect(shown.map(([, name]) => name).sort()).toEqual([
        'aistudio-relay/browser',
        'gateway',
        'webai-proxy/service',
      ]);
      // All that the gateway has started, but for the browser's own group.
      const groups = new Set(shown.map(([, , pid]) => Number(pid)));
      const ours = processes(
        ({ pid, group }) => groups.has(pid) || (groups.has(group) && group !== process.pid),
      );
      expect(new Set(ours)).toEqual(groups);
      expect(services()).toHaveLength(1);
      expect(browsers()).toHaveLength(1);
    },
    LIMIT_MS,
  );

  test(
    'comes back from whatever happens to it; no call hangs, and nobody else notices',
    async () => {
      const took: Record<string, number> = {};
      const late: string[] = [];
      const breaks: readonly (readonly [string, () => void | Promise<void>])[] = [
        ['renderer killed', () => renderers().forEach((pid) => process.kill(pid, 'SIGKILL'))],
        ['browser killed', () => browsers().forEach((pid) => process.kill(pid, 'SIGKILL'))],
        ['browser frozen', () => browsers().forEach((pid) => process.kill(pid, 'SIGSTOP'))],
        ['service killed', () => services().forEach((pid) => process.kill(pid, 'SIGKILL'))],
        [
          'router killed',
          async () => {
            gateway.kill('SIGKILL');
            await gateway.ended;
            gateway = await start();
          },
        ],
      ];
      for (const [what, breakIt] of breaks) {
        studio.gemini.script({
          parts: [{ type: 'text', text: 'and so on' }],
          stream: { pauseAfterFirst: new Promise(() => undefined) },
        });
        const stream = await openai().chat.completions.create({ ...say('hello'), stream: true });
        const hanging = (async () => {
          let chunks = 0;
          for await (const chunk of stream) chunks += chunk.choices.length;
          return chunks;
        })().then(
          () => 'ended',
          () => 'failed',
        );
        studio.gemini.script({ parts: [{ type: 'text', text: 'fine' }] });
        const crowded = crowding();
        const brokenMs = performance.now();
        await breakIt();
        const echo = await openai().chat.completions.create({
          model: 'echo',
          messages: [{ role: 'user', content: 'still here' }],
        });
        expect(echo.choices[0]?.message.content).toContain('still here');
        // First, since a page may answer until it is seen that what has opened it is gone.
        expect(await hanging).toBe('failed');
        await untilServed();
        const tookMs = Math.round(performance.now() - brokenMs);
        took[what] = tookMs;
        const limitMs = what === 'browser frozen' ? FREEZE_MS : CRASH_MS;
        const mayTakeMs = limitMs * Math.max(crowded, crowding());
        if (tookMs > mayTakeMs) late.push(`${what}: ${tookMs} ms, beyond ${mayTakeMs} ms`);
        await until(() => browsers().length === 1 && services().length === 1, `left by: ${what}`);
      }
      console.info('serves again after, in ms:', took, 'processes for each core:', crowding());
      expect(late).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'logs out: the profile is gone, and the account with it',
    async () => {
      expect(await admin('/v1/auth/aistudio', 'DELETE')).toMatchObject({ revoked: 'yes' });
      expect(await admin('/v1/auth/aistudio/status')).toMatchObject({ accounts: [] });
      await until(() => browsers().length === 0, 'its browser is left');
    },
    LIMIT_MS,
  );
});

describe('without Chromium', () => {
  test(
    'the gateway starts and serves; a login says what is missing',
    async () => {
      const place = openWorkshop();
      try {
        const file = place.config(
          JSON.stringify({
            server: { port: 0, apiKeys: [KEY], adminKeys: [ADMIN_KEY] },
            log: { format: 'json' },
            plugins: {
              echo: {},
              'aistudio-relay': {
                config: { browser: { pages: [{ profile: 'work', url: 'https://page.example/' }] } },
              },
            },
          }),
        );
        // A PATH with no browser on it.
        const lonely = await place.start(['--config', file], {
          env: { PATH: '/nonexistent', PUPPETEER_EXECUTABLE_PATH: '' },
        });
        await logged(lonely, 'apt-get install chromium');
        const headers = { authorization: `Bearer ${ADMIN_KEY}` };
        const login = await fetch(`${lonely.url}/v1/auth/aistudio/login`, {
          method: 'POST',
          headers,
        });
        expect(login.status).toBe(502);
        expect(await login.text()).toContain('apt-get install chromium');
        const echo = await fetch(`${lonely.url}/v1/models`, {
          headers: { authorization: `Bearer ${KEY}` },
        });
        expect(await echo.text()).toContain('echo');
        lonely.kill('SIGTERM');
        expect((await lonely.ended).code).toBe(0);
      } finally {
        place.clear();
      }
    },
    LIMIT_MS,
  );
});
