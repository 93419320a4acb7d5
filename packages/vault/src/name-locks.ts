import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { isErrno } from './errno.ts';

/** Gives a lock back. */
export type Release = () => void;

/**
 * Locks by name, across the processes of one user. The system frees a lock when its holder ends,
 * however it ends; a holder that is only slow keeps it.
 *
 * A lock is a local socket: listening on it is holding it, and whoever waits is connected to it and
 * sees it close. Those who wait in here stand in a line, so that only the first of them is.
 */
export class NameLocks {
  readonly #lines = new Map<string, Promise<void>>();

  /**
   * @param waitMs - 0: try once.
   * @returns `undefined` when it can't be had in time.
   */
  async take(name: string, waitMs: number): Promise<Release | undefined> {
    const deadlineMs = performance.now() + waitMs;
    const before = this.#lines.get(name);
    let leave: Release = () => undefined;
    const own = new Promise<void>((resolve) => (leave = resolve));
    const line = before === undefined ? own : before.then(() => own);
    this.#lines.set(name, line);
    void line.then(() => {
      if (this.#lines.get(name) === line) this.#lines.delete(name);
    });
    try {
      const release = (await soon(before, waitMs)) && (await takeSocket(name, deadlineMs));
      if (release) {
        return () => {
          release();
          leave();
        };
      }
    } catch (error) {
      leave();
      throw error;
    }
    leave();
    return undefined;
  }
}

/** Whether some process holds a lock now. */
export function isHeld(name: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(addressOf(name));
    const done = (held: boolean): void => {
      socket.destroy();
      resolve(held);
    };
    socket.on('connect', () => done(true));
    socket.on('error', (error) => {
      if (isErrno(error, 'ECONNREFUSED', 'ENOENT')) done(false);
      // A full line before the door: somebody stands behind it.
      else if (isErrno(error, 'EAGAIN', 'EACCES')) done(true);
      else reject(error);
    });
  });
}

/** Whether it comes in time. */
async function soon(what: Promise<void> | undefined, waitMs: number): Promise<boolean> {
  if (what === undefined) return true;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), waitMs);
  });
  const inTime = await Promise.race([what.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}

async function takeSocket(name: string, deadlineMs: number): Promise<Release | undefined> {
  const address = addressOf(name);
  for (;;) {
    const release = await listen(address);
    if (release !== undefined) return release;
    const leftMs = deadlineMs - performance.now();
    if (leftMs <= 0) return undefined;
    await holderGone(address, leftMs);
  }
}

/** Short, since the names of sockets are limited to about 100 bytes. */
function addressOf(name: string): string {
  const uid = process.getuid?.() ?? os.userInfo().username;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 32);
  const own = `cliproxy-${uid}-${digest}`;
  if (process.platform === 'linux') return `\0${own}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${own}`;
  return path.join(os.tmpdir(), `${own}.sock`);
}

function listen(address: string): Promise<Release | undefined> {
  return new Promise((resolve, reject) => {
    const waiting = new Set<net.Socket>();
    const server = net.createServer((socket) => {
      waiting.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => waiting.delete(socket));
      socket.unref();
    });
    server.on('error', (error) => {
      if (isErrno(error, 'EADDRINUSE', 'EACCES')) resolve(undefined);
      else reject(error);
    });
    server.listen(address, () => {
      server.unref();
      resolve(() => {
        server.close();
        for (const socket of waiting) socket.destroy();
      });
    });
  });
}

/** Resolves when the lock may be free, or after the time. */
async function holderGone(address: string, waitMs: number): Promise<void> {
  const refused = await new Promise<boolean>((resolve) => {
    const socket = net.connect(address);
    const done = (isRefused: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(isRefused);
    };
    const timer = setTimeout(() => done(false), waitMs);
    socket.on('error', (error) => done(isErrno(error, 'ECONNREFUSED')));
    socket.on('close', () => done(false));
    socket.resume();
  });
  // A socket that is a file outlives its holder.
  if (refused && path.isAbsolute(address)) await fs.rm(address, { force: true });
}
