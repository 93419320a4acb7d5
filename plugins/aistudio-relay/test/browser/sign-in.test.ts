/** Signing in with a browser that has a window, and what becomes of the session. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { findChromium, hasXvfb, startXDisplay } from '@cliproxy/plugin-testkit';
import type { XDisplay } from '@cliproxy/plugin-testkit';
import type { FromService } from '../../src/browser/messages.ts';
import { startPageRouter } from './page-router.ts';
import type { PageRouter } from './page-router.ts';
import {
  browsersOf,
  serviceFolder,
  settingsOf,
  startService,
  stopService,
  until,
} from './service-process.ts';
import type { ServiceProcess } from './service-process.ts';

const chromium = findChromium();
const canShow = chromium !== undefined && hasXvfb();
const withWindows = canShow ? describe : describe.skip;
const LIMIT_MS = 180_000;

let display: XDisplay;
let router: PageRouter;
let site: Server;
let siteUrl: string;
let folder: ReturnType<typeof serviceFolder>;
let service: ServiceProcess;
/** The sign-in page waits for its person here. */
let person: ServerResponse | undefined;
/** What the page was asked with. */
let cookies: (string | undefined)[];
let sessionSeconds: number;

beforeAll(async () => {
  if (canShow) display = await startXDisplay();
});
afterAll(async () => {
  if (canShow) await display.close();
});

beforeEach(async () => {
  cookies = [];
  person = undefined;
  sessionSeconds = 3600;
  router = await startPageRouter();
  folder = serviceFolder();
  site = createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    switch (request.url) {
      case '/sign-in':
        response.end("<script>fetch('/person').then(() => (location.href = '/granted'))</script>");
        return;
      case '/person':
        person = response;
        return;
      case '/granted':
        response.writeHead(303, {
          location: '/page',
          'set-cookie': `session=s3cret; Max-Age=${sessionSeconds}; HttpOnly`,
        });
        response.end();
        return;
      case '/page':
        cookies.push(request.headers.cookie);
        response.end('<title>page</title>');
        return;
      default:
        response.writeHead(404).end();
    }
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  siteUrl = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await stopService(service);
  await until('no browser is left', () => browsersOf(folder.path).length === 0);
  await router.close();
  site.closeAllConnections();
  site.close();
  folder.remove();
});

async function start(env: NodeJS.ProcessEnv = { ...process.env, DISPLAY: display.name }) {
  service = await startService(folder.path, router, env);
  const settings = settingsOf(
    chromium!.executablePath,
    [{ profile: 'work', url: `${siteUrl}/page` }],
    {
      signIn: { url: `${siteUrl}/sign-in`, done: { url: `${siteUrl}/page`, cookie: 'session' } },
    },
  );
  service.send({ type: 'configure', settings });
  await until('nobody has signed in', () => service.status('work')?.state === 'signed-out');
}

const answerTo = (id: number): FromService | undefined =>
  service.heard.find((one) => (one.type === 'done' || one.type === 'failed') && one.id === id);
const progress = (): string[] =>
  service.heard.flatMap((one) => (one.type === 'progress' ? [one.text] : []));

async function signIn(id: number): Promise<FromService> {
  person = undefined;
  service.send({ type: 'login', id, profile: 'work' });
  await until('the window waits for its person', () => person !== undefined);
  expect(service.status('work')?.state).toBe('signing-in');
  expect(answerTo(id)).toBeUndefined();
  person!.end('ok');
  await until('it ends by itself', () => answerTo(id) !== undefined);
  return answerTo(id)!;
}

withWindows('signing in', () => {
  test(
    'ends by itself once the session is there; the page opens with it, until it is cleared',
    async () => {
      await start();
      const done = await signIn(1);
      expect(done).toMatchObject({ type: 'done', sessionEndsMs: expect.any(Number) });
      expect(progress().join('\n')).toMatch(/browser is open.*\/sign-in[^]*session is there/);
      await until('the page works', () => service.status('work')?.state === 'open');
      // The last cookie is the headless page's: the session outlived its window.
      expect(cookies.at(-1)).toBe('session=s3cret');
      expect(service.status('work')?.sessionEndsMs).toBeGreaterThan(Date.now() + 3_000_000);

      // Once more, for example before it ends.
      expect(await signIn(2)).toMatchObject({ type: 'done' });
      await until('the page works again', () => service.status('work')?.state === 'open');

      service.send({ type: 'clear', id: 3, profile: 'work' });
      await until('it is cleared', () => answerTo(3)?.type === 'done');
      await until('it says so', () => service.status('work')?.state === 'signed-out');
      expect(existsSync(join(folder.path, 'profiles', 'work'))).toBe(false);
      expect(browsersOf(folder.path)).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'says what came between: cancelled, closed by the person, no such profile',
    async () => {
      await start();
      service.send({ type: 'login', id: 1, profile: 'work' });
      await until('the window is there', () => person !== undefined);
      service.send({ type: 'cancel', id: 1 });
      await until('it is over', () => answerTo(1) !== undefined);
      expect(answerTo(1)).toMatchObject({
        type: 'failed',
        message: expect.stringContaining('cancelled'),
      });
      await until('no window is left', () => browsersOf(folder.path).length === 0);

      person = undefined;
      service.send({ type: 'login', id: 2, profile: 'work' });
      await until('the window is there', () => person !== undefined);
      process.kill(browsersOf(folder.path)[0]!, 'SIGTERM');
      await until('it is over', () => answerTo(2) !== undefined);
      expect(answerTo(2)).toMatchObject({
        message: expect.stringContaining('closed before anybody had signed in'),
      });

      service.send({ type: 'login', id: 3, profile: 'other' });
      await until('it is over', () => answerTo(3) !== undefined);
      expect(answerTo(3)).toMatchObject({ message: expect.stringContaining('"other"') });
    },
    LIMIT_MS,
  );

  test(
    'a session that has ended is told; the next start opens nothing of it',
    async () => {
      sessionSeconds = 15;
      await start();
      await signIn(1);
      await until(
        'it has ended',
        () => {
          const status = service.status('work');
          return status?.state === 'signed-out' && status.detail.includes('session has ended');
        },
        120_000,
      );
      expect(browsersOf(folder.path)).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'without a display it says so',
    async () => {
      const bare = { ...process.env, DISPLAY: '', WAYLAND_DISPLAY: '' };
      await start(bare);
      service.send({ type: 'login', id: 1, profile: 'work' });
      await until('it is over', () => answerTo(1) !== undefined);
      expect(answerTo(1)).toMatchObject({ message: expect.stringContaining('DISPLAY') });
    },
    LIMIT_MS,
  );
});
