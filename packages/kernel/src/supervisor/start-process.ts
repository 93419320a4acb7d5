import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex, Readable } from 'node:stream';

/** What a process is started with. */
export interface ProcessOrder {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  /** All of it. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A process that runs, the leader of a group of its own. */
export interface StartedProcess {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The other end is its descriptor 3; absent: it has none. */
  readonly socket?: Duplex;
  /** Resolves when it is gone, or is about to be since its launcher is gone; never rejects. */
  readonly ended: Promise<ProcessEnd>;
}

/** How a process ended: by itself, or never begun. */
export interface ProcessEnd {
  readonly code?: number;
  readonly signal?: string;
  /** One sentence. */
  readonly reason: string;
}

/** The one more descriptor that a process may have. */
export const SOCKET_FD = 3;

/**
 * Starts a process.
 *
 * @param withSocket - whether it has a descriptor 3.
 * @throws Error that says why it can't be started.
 */
export async function startProcess(
  { command: [program, ...args], cwd, environment }: ProcessOrder,
  withSocket: boolean,
): Promise<StartedProcess> {
  const child = spawn(program, args, {
    cwd,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', ...(withSocket ? ['pipe' as const] : [])],
    // Its own session: signals to the whole of it, and none from the gateway's terminal.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  const { pid, stdout, stderr } = child;
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (code, signal) => resolve(processEnd(code, signal)));
  });
  if (pid === undefined || stdout === null || stderr === null) {
    const [error] = (await once(child, 'error')) as [NodeJS.ErrnoException];
    throw startFailure(error, program, cwd);
  }
  // Of signals that could not be sent.
  child.on('error', () => undefined);
  const socket = withSocket ? { socket: child.stdio[SOCKET_FD] as Duplex } : {};
  return { pid, stdout, stderr, ended, ...socket };
}

/** Says how a process ended, of which Node tells one or the other. */
export function processEnd(code: number | null, signal: string | null): ProcessEnd {
  if (code !== null) return { code, reason: `exited with code ${code}` };
  return { signal: signal ?? 'unknown', reason: `was ended by ${signal ?? 'a signal'}` };
}

/** Says why a program can't be started. @param error - Node's. */
export function startFailure(
  { code, message }: { readonly code?: string | undefined; readonly message: string },
  program: string,
  cwd: string,
): Error {
  switch (code) {
    case 'ENOENT':
      return new Error(`no program "${program}" on PATH, or no folder ${cwd}`);
    case 'EACCES':
      return new Error(`"${program}" may not be executed`);
    default:
      return new Error(message);
  }
}
