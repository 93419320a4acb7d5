/** What runs in the page, in real Chromium, against both versions of the envelope. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { findChromium } from '@cliproxy/plugin-testkit';
import puppeteer from 'puppeteer';
import type { Browser, Page } from 'puppeteer';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { appletText } from '../../src/service/applet-text.ts';
import { startPageRouter } from './page-router.ts';
import type { PageRouter, RouterPage } from './page-router.ts';
import { until } from './service-process.ts';
import { patternBytes, startSlowVendor } from './slow-vendor.ts';
import type { SlowVendor } from './slow-vendor.ts';

const chromium = findChromium();
const withChromium = chromium === undefined ? describe.skip : describe;
const LIMIT_MS = 120_000;
const BUILT = new URL('../../dist/page/', import.meta.url);
const CREDIT = 1_000;

let browser: Browser;
let page: Page;
let site: Server;
let siteUrl: string;
let router: PageRouter;
let vendor: SlowVendor;

beforeAll(async () => {
  if (chromium !== undefined) browser = await puppeteer.launch(chromium);
});
afterAll(async () => {
  if (chromium !== undefined) await browser.close();
});
beforeEach(async () => {
  router = await startPageRouter(CREDIT);
  vendor = await startSlowVendor();
  site = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    // As strict as a page may be that can ask the vendor at all.
    response.setHeader(
      'content-security-policy',
      "default-src 'none'; connect-src *; require-trusted-types-for 'script'",
    );
    response.end('<!doctype html><title>page</title><p>A page of somebody.');
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  siteUrl = `http://127.0.0.1:${(site.address() as AddressInfo).port}/`;
  page = await browser.newPage();
  await page.goto(siteUrl);
});
afterEach(async () => {
  await page.close();
  await router.close();
  await vendor.close();
  site.closeAllConnections();
  site.close();
});

/** Runs the text in the page, as the service does, and waits until the router has welcomed it. */
async function connect(): Promise<RouterPage> {
  const options = {
    url: router.url,
    version: 2,
    credential: `ticket.${router.ticket()}`,
    allowedOrigins: [vendor.url],
    profile: 'work',
  };
  const before = router.pages.length;
  await page.evaluate(await appletText(options, BUILT));
  await until('the page is welcomed', () => router.pages.length > before);
  return router.pages.at(-1)!;
}

const ask = (call: number, path: string, bodyBytes = 0, base = vendor.url) =>
  ({
    type: 'request',
    call,
    method: bodyBytes > 0 ? 'POST' : 'GET',
    url: base + path,
    headers: { 'content-type': ['application/json'] },
    bodyBytes,
  }) as const;
const of = (at: RouterPage, call: number) =>
  at.said.filter((one) => 'call' in one && one.call === call);
const bytesOf = (at: RouterPage, call: number): Buffer =>
  Buffer.concat(of(at, call).flatMap((one) => (one.type === 'bytes' ? [one.bytes] : [])));
const isOver = (at: RouterPage, call: number): boolean =>
  of(at, call).some(({ type }) => type === 'end' || type === 'error');

withChromium('version 2', () => {
  test(
    'sends no more than its credit, every byte once, and takes bodies in pieces',
    async () => {
      const at = await connect();
      const body = patternBytes(100_000);
      at.say(ask(1, '/echo', body.length));
      for (let from = 0; from < body.length; from += 7_919) {
        at.bytes(1, body.subarray(from, from + 7_919));
      }
      await until('the first credit is used', () => bytesOf(at, 1).length === CREDIT);
      at.say({ type: 'ping', at: 12 });
      await until('it says that it is there', () => at.said.some(({ type }) => type === 'pong'));
      expect(bytesOf(at, 1)).toHaveLength(CREDIT);
      for (let given = CREDIT; given < body.length; given += 33_000) {
        at.say({ type: 'credit', call: 1, bytes: 33_000 });
        const most = Math.min(given + 33_000, body.length);
        await until('it is used', () => bytesOf(at, 1).length === most);
      }
      await until('it is over', () => isOver(at, 1));
      expect(of(at, 1)[0]).toMatchObject({ type: 'response', status: 200 });
      expect(of(at, 1).at(-1)).toEqual({ type: 'end', call: 1 });
      expect(bytesOf(at, 1).equals(body)).toBe(true);
      expect(at.said.find(({ type }) => type === 'pong')).toEqual({ type: 'pong', at: 12 });
    },
    LIMIT_MS,
  );

  test(
    '20 calls at once, though a browser has six connections to a host',
    async () => {
      const at = await connect();
      const calls = Array.from({ length: 20 }, (_, index) => index + 1);
      for (const call of calls) {
        at.say(ask(call, '/stream/20/20'));
        at.say({ type: 'credit', call, bytes: 100_000 });
      }
      await until('all are over', () => calls.every((call) => isOver(at, call)));
      const whole = Array.from({ length: 20 }, (_, line) => `data: ${line} é\n\n`).join('');
      for (const call of calls) expect(bytesOf(at, call).toString()).toBe(whole);
    },
    LIMIT_MS,
  );

  test(
    'a cancelled call leaves the vendor, and says nothing more; one without credit as well',
    async () => {
      const at = await connect();
      at.say(ask(1, '/stream/1000/50'));
      at.say(ask(2, '/bytes/5000'));
      await until('the first streams', () => bytesOf(at, 1).length > 0);
      await until('the second waits for credit', () => bytesOf(at, 2).length === CREDIT);
      at.say({ type: 'cancel', call: 1 });
      at.say({ type: 'cancel', call: 2 });
      await until(
        'the vendor sees it',
        () => vendor.asked.find(({ path }) => path.startsWith('/stream'))!.left,
      );
      const said = at.said.length;
      at.say(ask(3, '/echo', 2));
      at.bytes(3, Buffer.from('{}'));
      await until('others go on', () => isOver(at, 3));
      expect(at.said.slice(said).every((one) => 'call' in one && one.call === 3)).toBe(true);
    },
    LIMIT_MS,
  );

  test(
    'asks nobody but the allowed host, not even where that sends it elsewhere',
    async () => {
      const at = await connect();
      const other = vendor.url.replace('127.0.0.1', 'localhost');
      at.say(ask(1, '/echo', 0, other));
      at.say(ask(2, '/away'));
      at.say(ask(3, '/', 0, 'http://127.0.0.1:1'));
      at.say(ask(4, '', 0, 'no address'));
      await until('all are over', () => [1, 2, 3, 4].every((call) => isOver(at, call)));
      expect(of(at, 1)).toMatchObject([{ type: 'error', reason: 'refused-host' }]);
      expect(of(at, 2)).toMatchObject([{ type: 'error', reason: 'network' }]);
      expect(of(at, 3)).toMatchObject([{ type: 'error', reason: 'refused-host' }]);
      expect(of(at, 4)).toMatchObject([{ type: 'error', reason: 'refused-host' }]);
      expect(vendor.asked.map(({ path }) => path)).toEqual(['/away']);
    },
    LIMIT_MS,
  );

  test(
    'connects again by itself, as the same page; its ticket counts once',
    async () => {
      const at = await connect();
      at.socket.terminate();
      await until('it is back', () => router.pages.length === 2);
      const back = router.pages[1]!;
      expect(back.credential).toMatch(/^resume\./);
      expect(back.hello.clientId).toBe(at.hello.clientId);
      back.say(ask(1, '/echo', 2));
      back.bytes(1, Buffer.from('hi'));
      await until('it works', () => isOver(back, 1));
      expect(router.refused).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'leaves its place to a twin that has taken it',
    async () => {
      const at = await connect();
      at.socket.close(4001, 'the same page has connected again');
      await page.waitForFunction('cliproxyRelay.status.state === "stopped"');
      expect(await page.$eval('>>> [role=status]', (box) => box.textContent)).toContain(
        'open elsewhere',
      );
    },
    LIMIT_MS,
  );

  test(
    'what runs twice in a page is one page',
    async () => {
      const first = await connect();
      await connect();
      await until('the first has left', () => first.socket.readyState === first.socket.CLOSED);
    },
    LIMIT_MS,
  );
});

withChromium('pasted by a person', () => {
  test(
    'asks for the gateway once, shows how it goes, and comes back after a reload',
    async () => {
      const text = await appletText(undefined, BUILT);
      await page.evaluate(text);
      const shown = (): Promise<string> =>
        page.$eval('>>> [role=status]', (box) => box.textContent);
      expect(await shown()).toContain('Not set up');
      const [url, token] = await page.$$('>>> input');
      await url!.click({ count: 3 });
      await url!.type(router.url);
      await token!.type('a relay token of mine');
      router.accept(`token.${Buffer.from('a relay token of mine').toString('base64url')}`);
      await (await page.$('>>> button'))!.click();
      await until('it is welcomed', () => router.pages.length === 1);
      await page.waitForFunction(
        () =>
          (globalThis as never as { cliproxyRelay: { status: { state: string } } }).cliproxyRelay
            .status.state === 'connected',
      );
      expect(await shown()).toContain('Connected');
      expect(await shown()).not.toContain('a relay token of mine');
      expect(router.pages[0]!.hello.profile).toBeUndefined();
      router.accept(`token.${Buffer.from('a relay token of mine').toString('base64url')}`);
      await page.reload();
      await page.evaluate(text);
      await until('it is welcomed again', () => router.pages.length === 2);
      expect(router.pages[1]!.hello.clientId).toBe(router.pages[0]!.hello.clientId);
    },
    LIMIT_MS,
  );
});

withChromium('pasted with a ticket', () => {
  test(
    'shows it once: a page that is loaded anew shows what the welcome brought',
    async () => {
      const text = await appletText(undefined, BUILT);
      await page.evaluate(text);
      const [url, shown] = await page.$$('>>> input');
      await url!.click({ count: 3 });
      await url!.type(router.url);
      await shown!.type(`ticket.${router.ticket()}`);
      await (await page.$('>>> button'))!.click();
      await until('it is welcomed', () => router.pages.length === 1);
      await page.waitForFunction('cliproxyRelay.status.state === "connected"');
      await page.reload();
      await page.evaluate(text);
      await until('it is welcomed again', () => router.pages.length === 2);
      const credentials = router.pages.map(({ credential }) => credential.split('.')[0]);
      expect(credentials).toEqual(['ticket', 'resume']);
      expect(router.refused).toEqual([]);
    },
    LIMIT_MS,
  );
});

withChromium('version 1', () => {
  let server: WebSocketServer;
  let address: string;
  const frames: { id: string; type: string; payload: Record<string, unknown> }[] = [];
  let socket: WebSocket;

  beforeEach(async () => {
    frames.length = 0;
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    server.on('connection', (connected, request) => {
      socket = connected;
      address = request.url ?? '';
      connected.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString())));
    });
    const options = {
      url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/ws`,
      version: 1,
      credential: 'relay token',
      allowedOrigins: [vendor.url],
    };
    await page.evaluate(await appletText(options, BUILT));
    await until('it is there', () => server.clients.size === 1);
  });
  afterEach(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });

  const request = (id: string, path: string, body = '') =>
    socket.send(
      JSON.stringify({
        id,
        type: 'http_request',
        payload: {
          method: 'POST',
          url: path.startsWith('/') ? vendor.url + path : path,
          headers: { 'Content-Type': ['application/json'] },
          body,
          sent_at: new Date().toISOString(),
        },
      }),
    );
  const isOver1 = (id: string) =>
    frames.some((one) => one.id === id && ['stream_end', 'error'].includes(one.type));

  test(
    'streams answers as the documented envelope has them, and obeys a cancel',
    async () => {
      expect(address).toMatch(/^\/v1\/ws\?client=[0-9a-f]{24}&auth_token=relay\+token$/);
      request('a', '/echo', '{"text":"äöü"}');
      request('b', 'http://127.0.0.1:1/');
      request('c', '/stream/1000/50');
      await until(
        'two are over, one streams',
        () =>
          isOver1('a') &&
          isOver1('b') &&
          frames.some(({ id, type }) => id === 'c' && type === 'stream_chunk'),
      );
      const a = frames.filter(({ id }) => id === 'a');
      expect(a[0]).toMatchObject({ type: 'stream_start', payload: { status: 200 } });
      const data = a.flatMap(({ payload }) =>
        typeof payload.data === 'string' ? [payload.data] : [],
      );
      expect(data.join('')).toBe('{"text":"äöü"}');
      expect(a.at(-1)).toMatchObject({ type: 'stream_end' });
      expect(frames.find(({ id }) => id === 'b')).toMatchObject({
        type: 'error',
        payload: { error: expect.stringContaining('alone'), status: 502 },
      });
      socket.send(JSON.stringify({ id: 'c', type: 'cancel' }));
      await until('the vendor sees it', () => vendor.asked.some(({ left }) => left));
      socket.send(JSON.stringify({ id: 'p', type: 'ping' }));
      await until('it answers', () => frames.some(({ id, type }) => id === 'p' && type === 'pong'));
    },
    LIMIT_MS,
  );
});
