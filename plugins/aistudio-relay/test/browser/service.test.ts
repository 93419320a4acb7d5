/** The service in a process of its own, with real Chromium: everything that can go wrong with one. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { findChromium } from '@cliproxy/plugin-testkit';
import type { PageSpec } from '../../src/browser/messages.ts';
import { startPageRouter } from './page-router.ts';
import type { PageRouter } from './page-router.ts';
import {
  browsersOf,
  processesOf,
  serviceFolder,
  settingsOf,
  startService,
  stopService,
  until,
} from './service-process.ts';
import type { ServiceProcess } from './service-process.ts';

const chromium = findChromium();
const onLinuxWithChromium =
  chromium === undefined || process.platform !== 'linux' ? describe.skip : describe;
const LIMIT_MS = 180_000;

let router: PageRouter;
let site: Server;
let siteUrl: string;
/** Answers that make a page load itself anew. */
const reloads: ServerResponse[] = [];
let folder: ReturnType<typeof serviceFolder>;
const services: ServiceProcess[] = [];

beforeEach(async () => {
  router = await startPageRouter();
  folder = serviceFolder();
  reloads.length = 0;
  site = createServer((request, response) => {
    if (request.url === '/reload') {
      reloads.push(response);
      return;
    }
    response.setHeader('content-type', 'text/html');
    response.end(
      request.url === '/outer'
        ? `<title>outer</title><iframe src="http://localhost:${port()}/inner"></iframe>`
        : "<title>page</title><script>fetch('/reload').then(() => location.reload())</script>",
    );
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  siteUrl = `http://127.0.0.1:${port()}`;
});
afterEach(async () => {
  for (const service of services.splice(0)) await stopService(service);
  await until('no browser is left', () => browsersOf(folder.path).length === 0);
  await router.close();
  site.closeAllConnections();
  site.close();
  folder.remove();
});

const port = (): number => (site.address() as AddressInfo).port;

async function start(env?: NodeJS.ProcessEnv): Promise<ServiceProcess> {
  const service = await startService(folder.path, router, env);
  services.push(service);
  return service;
}

/** A service whose page is at work; somebody has signed in before. */
async function startWithPage(
  pages: readonly PageSpec[] = [{ profile: 'work', url: `${siteUrl}/` }],
  executablePath = chromium!.executablePath,
) {
  for (const { profile } of pages) {
    mkdirSync(join(folder.path, 'profiles', profile), { recursive: true });
  }
  const service = await start();
  service.send({ type: 'configure', settings: settingsOf(executablePath, pages) });
  await until('the pages work', () =>
    pages.every(({ profile }) => service.status(profile)?.state === 'open'),
  );
  return service;
}

/** Breaks something, and waits until another page has been welcomed. */
async function recovery(breakIt: () => unknown, service: ServiceProcess): Promise<number> {
  const before = router.pages.length;
  await breakIt();
  const took = await until('a page is back', () => router.pages.length > before);
  await until('it says so', () => service.status('work')?.state === 'open');
  return took;
}

onLinuxWithChromium('the browser service', () => {
  test(
    'opens its page, and comes back from whatever happens to it',
    async () => {
      const service = await startWithPage();
      const pid = service.status('work')!.browserPid!;
      expect(router.pages).toHaveLength(1);
      expect(router.pages[0]).toMatchObject({
        credential: expect.stringMatching(/^ticket\./),
        hello: { version: 2, profile: 'work', userAgent: expect.stringContaining('Chrome') },
      });

      const renderer = await recovery(() => {
        for (const one of processesOf(pid, 'renderer')) process.kill(one, 'SIGKILL');
      }, service);
      expect(service.status('work')).toMatchObject({ browserPid: pid, restarts: 1 });

      const browser = await recovery(() => process.kill(pid, 'SIGKILL'), service);
      const second = service.status('work')!.browserPid!;
      expect(second).not.toBe(pid);

      const frozen = await recovery(() => process.kill(second, 'SIGSTOP'), service);
      const third = service.status('work')!.browserPid!;
      expect(third).not.toBe(second);
      expect(browsersOf(folder.path)).not.toContain(second);

      const frozenRenderer = await recovery(() => {
        for (const one of processesOf(third, 'renderer')) process.kill(one, 'SIGSTOP');
      }, service);
      await until(
        'nothing of the former browser runs',
        () => !browsersOf(folder.path).includes(third),
      );
      console.info('back after, in ms:', { renderer, browser, frozen, frozenRenderer });
      expect(new Set(router.pages.map(({ hello }) => hello.clientId)).size).toBe(1);
    },
    LIMIT_MS,
  );

  test(
    'gives a page that is loaded anew another ticket, and finds the frame it is told',
    async () => {
      const service = await startWithPage([
        { profile: 'work', url: `${siteUrl}/outer`, frame: 'http://localhost:*/inner' },
      ]);
      router.pages[0]!.socket.close(1001, 'drain');
      await until('it has connected again', () => router.pages.length === 2);
      expect(router.pages[1]!.credential).toMatch(/^resume\./);
      expect(router.pages[1]!.hello.clientId).toBe(router.pages[0]!.hello.clientId);
      await recovery(() => reloads.at(-1)!.end(), service);
      expect(router.pages[2]).toMatchObject({
        credential: expect.stringMatching(/^ticket\./),
        hello: { clientId: router.pages[0]!.hello.clientId },
      });
      expect(router.refused).toEqual([]);
      expect(service.status('work')).toMatchObject({ state: 'open', restarts: 0 });
    },
    LIMIT_MS,
  );

  test(
    'keeps several profiles apart',
    async () => {
      const service = await startWithPage([
        { profile: 'work', url: `${siteUrl}/` },
        { profile: 'home', url: `${siteUrl}/` },
      ]);
      expect(new Set(router.pages.map(({ hello }) => hello.profile))).toEqual(
        new Set(['work', 'home']),
      );
      expect(service.status('work')!.browserPid).not.toBe(service.status('home')!.browserPid);
      expect(new Set(router.pages.map(({ hello }) => hello.clientId)).size).toBe(2);
      // Settings that say the same leave what runs alone; a page that is gone is closed.
      const { browserPid } = service.status('work')!;
      const pages = [{ profile: 'work', url: `${siteUrl}/` }];
      const settings = settingsOf(chromium!.executablePath, pages);
      service.send({ type: 'configure', settings });
      await until('one browser is left', () => {
        const pids = browsersOf(folder.path);
        return pids.includes(browserPid!) && !pids.some((pid) => isIn(pid, 'home'));
      });
      expect(service.status('work')!.browserPid).toBe(browserPid);
    },
    LIMIT_MS,
  );

  test(
    'lets a page of the internet connect to the gateway on this machine',
    async () => {
      // Chromium takes the site for one of the internet: it would ask whoever looks, or refuse.
      const program = join(folder.path, 'chromium');
      const option = `--ip-address-space-overrides=127.0.0.1:${port()}=public`;
      const text = `#!/bin/sh\nexec '${chromium!.executablePath}' '${option}' "$@"\n`;
      writeFileSync(program, text, { mode: 0o755 });
      const pages = [
        { profile: 'work', url: `${siteUrl}/outer`, frame: 'http://localhost:*/inner' },
      ];
      await startWithPage(pages, program);
      expect(router.pages).toHaveLength(1);
    },
    LIMIT_MS,
  );

  test(
    'nobody has signed in: no browser is opened, and it says so',
    async () => {
      const service = await start();
      const pages = [{ profile: 'work', url: `${siteUrl}/` }];
      service.send({ type: 'configure', settings: settingsOf(chromium!.executablePath, pages) });
      await until('it says so', () => service.status('work')?.state === 'signed-out');
      expect(service.status('work')!.detail).toContain('nobody has signed in');
      expect(browsersOf(folder.path)).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'its browser ends with the gateway, and with itself',
    async () => {
      const service = await startWithPage();
      service.process.disconnect();
      await once(service.process, 'exit');
      expect(browsersOf(folder.path)).toEqual([]);

      const second = await startWithPage();
      const pid = second.status('work')!.browserPid!;
      process.kill(second.process.pid!, 'SIGKILL');
      await until('the browser has ended by itself', () => browsersOf(folder.path).length === 0);

      const third = await startWithPage();
      expect(third.status('work')!.browserPid).not.toBe(pid);
    },
    LIMIT_MS,
  );

  test(
    'a frozen browser that outlived its service is ended by the next one',
    async () => {
      const service = await startWithPage();
      const left = service.status('work')!.browserPid!;
      process.kill(left, 'SIGSTOP');
      process.kill(service.process.pid!, 'SIGKILL');
      await once(service.process, 'exit');
      expect(browsersOf(folder.path)).toContain(left);
      const second = await startWithPage();
      expect(second.status('work')!.browserPid).not.toBe(left);
      expect(browsersOf(folder.path)).not.toContain(left);
    },
    LIMIT_MS,
  );
});

function isIn(pid: number, profile: string): boolean {
  return browsersOf(join(folder.path, 'profiles', profile)).includes(pid);
}
