import { fork } from 'node:child_process';
import type { ChildProcess as NodeChild } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { builtProgram } from '../built-program.ts';
import { childEnvironment } from '../child-environment.ts';
import { signal } from '../end-processes.ts';
import { processEnd, startFailure } from '../start-process.ts';
import type { ProcessEnd, ProcessOrder, StartedProcess } from '../start-process.ts';
import type { LauncherAsk, LauncherNews } from './launch-messages.ts';
import { socketPairs } from './socket-pairs.ts';
import type { SocketPair } from './socket-pairs.ts';

/** A process that was ordered, until it is gone. */
interface Ordered {
  readonly order: ProcessOrder;
  readonly by: NodeChild;
  readonly pairs: readonly SocketPair[];
  readonly onStarted: (process: Required<StartedProcess>) => void;
  readonly onFailed: (error: Error) => void;
  readonly ended: Promise<ProcessEnd>;
  readonly onEnded: (end: ProcessEnd) => void;
  pid?: number;
}

/** Longest time that starting a process may take, in milliseconds. */
const START_MS = 5_000;
/** How long it has to end by itself, in milliseconds. */
const END_MS = 1_000;
/** Descriptors 1 to 3. */
const DESCRIPTORS = 3;

/**
 * Starts processes by way of a small one of their own, from the first on until {@link Launcher.end}:
 * a system copies the tables of all of a process's memory when that starts another, during which the
 * gateway would answer nobody, and a process that stands back could not be started by one that does not.
 */
export class Launcher {
  #launcher: NodeChild | undefined;
  readonly #ordered = new Map<number, Ordered>();
  #lastId = 0;

  /**
   * Starts a process, which has a descriptor 3.
   *
   * @throws Error that says why it can't be started.
   */
  async start(order: ProcessOrder): Promise<Required<StartedProcess>> {
    const pairs = await socketPairs(DESCRIPTORS);
    const by = (this.#launcher ??= this.#begin());
    const id = ++this.#lastId;
    const late = setTimeout(() => by.kill('SIGKILL'), START_MS);
    try {
      return await new Promise<Required<StartedProcess>>((onStarted, onFailed) => {
        let onEnded: Ordered['onEnded'] = () => undefined;
        const ended = new Promise<ProcessEnd>((resolve) => (onEnded = resolve));
        this.#ordered.set(id, { order, by, pairs, onStarted, onFailed, ended, onEnded });
        for (const { far } of pairs) this.#ask(by, { type: 'descriptor', id }, far);
        this.#ask(by, { type: 'launch', id, order });
      });
    } finally {
      clearTimeout(late);
    }
  }

  /** Ends it, and what it started. */
  async end(): Promise<void> {
    const launcher = this.#launcher;
    this.#launcher = undefined;
    if (launcher?.pid === undefined || launcher.exitCode !== null || launcher.signalCode !== null) {
      return;
    }
    const exited = once(launcher, 'exit');
    if (launcher.connected) launcher.disconnect();
    const late = new AbortController();
    void sleep(END_MS, undefined, late)
      .then(() => launcher.kill('SIGKILL'))
      .catch(() => undefined);
    await exited;
    late.abort();
  }

  #begin(): NodeChild {
    const launcher = fork(builtProgram(import.meta.url, 'main.js'), [], {
      cwd: '/',
      env: childEnvironment([], {}, process.env),
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // Signals of a terminal are for the gateway, which ends it in its order.
      detached: true,
    });
    launcher.on('message', (news: LauncherNews) => this.#take(news));
    launcher.once('exit', (code, by) => this.#lost(launcher, processEnd(code, by).reason));
    launcher.once('error', ({ message }) => this.#lost(launcher, message));
    launcher.unref();
    launcher.channel?.unref();
    return launcher;
  }

  #ask(by: NodeChild, ask: LauncherAsk, far?: SocketPair['far']): void {
    // One that can't be asked has ended, which is told there.
    by.send(ask, far, {}, () => undefined);
  }

  #take(news: LauncherNews): void {
    const ordered = this.#ordered.get(news.id);
    if (ordered === undefined) return;
    const { order, pairs, onStarted, onFailed, ended, onEnded } = ordered;
    switch (news.type) {
      case 'started': {
        const [stdout, stderr, socket] = pairs.map(({ near }) => near);
        if (stdout === undefined || stderr === undefined || socket === undefined) return;
        ordered.pid = news.pid;
        onStarted({ pid: news.pid, stdout, stderr, socket, ended });
        return;
      }
      case 'failed':
        this.#ordered.delete(news.id);
        close(pairs);
        onFailed(startFailure(news, order.command[0], order.cwd));
        return;
      case 'ended':
        this.#ordered.delete(news.id);
        onEnded(processEnd(news.code, news.signal));
        return;
    }
  }

  /** Without it nobody would hear of the end of what it started. */
  #lost(launcher: NodeChild, reason: string): void {
    if (this.#launcher === launcher) this.#launcher = undefined;
    for (const [id, { by, pid, pairs, onFailed, onEnded }] of this.#ordered) {
      if (by !== launcher) continue;
      this.#ordered.delete(id);
      if (pid !== undefined) signal(-pid, 'SIGKILL');
      else close(pairs);
      const why = `its launcher ${reason}`;
      onFailed(new Error(why));
      onEnded({ reason: `was ended with its launcher, which ${reason}` });
    }
  }
}

function close(pairs: readonly SocketPair[]): void {
  for (const { near, far } of pairs) {
    near.destroy();
    far.destroy();
  }
}
