import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import timers from 'node:timers';

/** What code did to the process that it runs in. */
export interface Trace {
  /** What it did, for example `writes a file (fs.writeFileSync)`. */
  readonly what: string;
  /** Where, as a stack tells it. */
  readonly where: string;
}

/** Watches a process; only in one of its own, since nothing is put back. */
interface Footprint {
  /** What was done so far. */
  readonly done: readonly Trace[];
  /** Timers that were set and neither ran nor were cleared. */
  pendingTimers(): readonly Trace[];
}

type Callable = (this: unknown, ...args: unknown[]) => unknown;
type Holder = Record<string, Callable>;

/** Begins to watch. */
export function watchProcess(): Footprint {
  const done: Trace[] = [];
  const note = (what: string): void => void done.push({ what, where: where() });
  const instead = (holder: object, name: string, what: (args: unknown[]) => string | undefined) => {
    const own = (holder as Holder)[name];
    if (typeof own !== 'function') return;
    (holder as Holder)[name] = function (...args) {
      const told = what(args);
      if (told !== undefined) note(told);
      return own.apply(this, args);
    };
  };
  for (const [prefix, holder] of [
    ['fs', fs],
    ['fs.promises', fs.promises],
  ] as const) {
    for (const name of WRITES) {
      instead(holder, name, () => `writes a file (${prefix}.${name})`);
      instead(holder, `${name}Sync`, () => `writes a file (${prefix}.${name}Sync)`);
    }
    for (const name of ['open', 'openSync']) {
      instead(holder, name, ([, flags]) =>
        typeof flags === 'string' && flags !== 'r'
          ? `opens a file for writing (${prefix}.${name})`
          : undefined,
      );
    }
  }
  for (const name of ['watch', 'watchFile']) instead(fs, name, () => `watches files (fs.${name})`);
  for (const name of [
    'spawn',
    'spawnSync',
    'exec',
    'execSync',
    'execFile',
    'execFileSync',
    'fork',
  ]) {
    instead(childProcess, name, () => `starts a process (child_process.${name})`);
  }
  instead(net.Socket.prototype, 'connect', () => 'connects to a host');
  instead(net.Server.prototype, 'listen', () => 'listens on a port');
  instead(globalThis, 'fetch', () => 'connects to a host (fetch)');
  for (const stream of [process.stdout, process.stderr]) {
    instead(stream, 'write', () => 'writes to standard output or error');
  }
  const pending = watchTimers();
  syncBuiltinESMExports();
  return { done, pendingTimers: () => [...pending.values()] };
}

const WRITES = [
  ...['writeFile', 'appendFile', 'mkdir', 'mkdtemp', 'rm', 'rmdir', 'unlink', 'rename', 'copyFile'],
  ...['symlink', 'link', 'truncate', 'chmod', 'chown', 'utimes', 'createWriteStream', 'cp'],
];

function watchTimers(): ReadonlyMap<unknown, Trace> {
  const pending = new Map<unknown, Trace>();
  for (const name of ['setTimeout', 'setInterval'] as const) {
    const own = globalThis[name] as unknown as Callable;
    const watching: Callable = (callback, ...args) => {
      const timer = own(
        (...given: unknown[]) => {
          if (name === 'setTimeout') pending.delete(timer);
          return (callback as Callable)(...given);
        },
        ...args,
      );
      pending.set(timer, { what: `sets a timer (${name})`, where: where() });
      return timer;
    };
    // What util.promisify looks for stands on the original.
    Object.setPrototypeOf(watching, own);
    for (const symbol of Object.getOwnPropertySymbols(own)) {
      Object.defineProperty(watching, symbol, Object.getOwnPropertyDescriptor(own, symbol) ?? {});
    }
    Object.assign(globalThis, { [name]: watching });
    Object.assign(timers, { [name]: watching });
  }
  for (const name of ['clearTimeout', 'clearInterval'] as const) {
    const own = globalThis[name] as unknown as Callable;
    const watching: Callable = (timer) => {
      pending.delete(timer);
      own(timer);
    };
    Object.assign(globalThis, { [name]: watching });
    Object.assign(timers, { [name]: watching });
  }
  return pending;
}

/** The first place that is neither Node's nor ours. */
function where(): string {
  const frames = (new Error().stack ?? '').split('\n').slice(1);
  const own = frames.filter((frame) => !/node:|conformance\/child\//u.test(frame));
  return own.map((frame) => frame.trim().replace(/^at /u, '')).join(' < ');
}
