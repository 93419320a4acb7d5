import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { isErrno } from './errno.ts';

/** Gives a lock back. */
export type Release = () => void;

/**
 * Takes a lock by its name, across the processes of one user. The system frees it when its holder
 * ends, however it ends; a holder that is only slow keeps it.
 *
 * The lock is a local socket: listening on it is holding it, and whoever waits is connected to it
 * and sees it close.
 *
 * @param waitMs - 0: try once.
 * @returns `undefined` when it can't be had in time.
 */
export async function takeLock(name: string, waitMs: number): Promise<Release | undefined> {
  const address = addressOf(name);
  const deadlineMs = performance.now() + waitMs;
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
