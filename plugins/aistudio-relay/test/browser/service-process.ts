import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  FromService,
  ProfileStatus,
  ServiceSettings,
  ToService,
} from '../../src/browser/messages.ts';
import type { PageRouter } from './page-router.ts';

/** The built service, in a process of its own, as the gateway runs it. */
export interface ServiceProcess {
  readonly process: ChildProcess;
  readonly folder: string;
  readonly heard: readonly FromService[];
  status(profile: string): ProfileStatus | undefined;
  send(message: ToService): void;
  ended(): boolean;
}

const MAIN = new URL('../../dist/service/main.js', import.meta.url);

/** @param folder - where profiles are. @param router - gives tickets. */
export async function startService(
  folder: string,
  router: Pick<PageRouter, 'url' | 'ticket'>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ServiceProcess> {
  const child = fork(MAIN, { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const heard: FromService[] = [];
  const statuses = new Map<string, ProfileStatus>();
  const send = (message: ToService): void => void child.send(message);
  child.on('message', (message: FromService) => {
    heard.push(message);
    if (message.type === 'profile') statuses.set(message.profile, message.status);
    if (message.type === 'ticket-wanted') {
      const { profile } = message;
      send({ type: 'ticket', profile, url: router.url, ticket: router.ticket() });
    }
  });
  await until('the service is ready', () => heard.some(({ type }) => type === 'ready'));
  return {
    process: child,
    folder,
    heard,
    send,
    status: (profile) => statuses.get(profile),
    ended: () => child.exitCode !== null || child.signalCode !== null,
  };
}

/** Ends it as the gateway does. */
export async function stopService(service: ServiceProcess): Promise<void> {
  if (service.ended()) return;
  const over = once(service.process, 'exit');
  service.process.kill('SIGTERM');
  await over;
}

export function serviceFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'cliproxy-browser-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Settings for pages that need nobody to sign in. */
export function settingsOf(
  executablePath: string,
  pages: ServiceSettings['pages'],
  more: Partial<ServiceSettings> = {},
): ServiceSettings {
  return {
    executablePath,
    headless: true,
    pages,
    signIn: { url: pages[0]?.url ?? '', done: {} },
    allowedOrigins: [],
    ...more,
  };
}

/** Waits for a condition, for as long as a busy machine may need. */
export async function until(what: string, holds: () => boolean, limitMs = 60_000): Promise<number> {
  const beganMs = performance.now();
  while (!holds()) {
    if (performance.now() - beganMs > limitMs) throw new Error(`not in ${limitMs} ms: ${what}`);
    await sleep(20);
  }
  return performance.now() - beganMs;
}

/** Running processes (no zombies) of a browser that has a profile of this folder open. */
export function browsersOf(folder: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
      } catch {
        return false;
      }
    });
}

/** The processes of a browser's group that are of one type, such as `renderer`. */
export function processesOf(group: number, type: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const [, , pgid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return Number(pgid) === group && command.includes(`--type=${type}`);
      } catch {
        return false;
      }
    });
}
