import { fork } from 'node:child_process';
import type { ChildProcess as NodeChild } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { builtProgram } from '../built-program.ts';
import { childEnvironment } from '../child-environment.ts';
import { signal } from '../end-processes.ts';
import { processEnd, startFailure } from '../start-process.ts';
import type { ProcessEnd, ProcessOrder, StartedProcess } from '../start-process.ts';
import { DESCRIPTORS } from './launch-messages.ts';
import type { LauncherAsk, LauncherNews } from './launch-messages.ts';
import { closePairs, socketPairs } from './socket-pairs.ts';
import type { SocketPair } from './socket-pairs.ts';

/** A process that was ordered, until it is gone. */
interface Ordered {
  readonly order: ProcessOrder;
  readonly pairs: readonly SocketPair[];
  readonly onStarted: (process: Required<StartedProcess>) => void;
  readonly onFailed: (error: Error) => void;
  readonly ended: Promise<ProcessEnd>;
  readonly onEnded: (end: ProcessEnd) => void;
  pid?: number;
}

/** Longest time from an order to the process, of which the launcher may need some itself. */
const START_MS = 10_000;
/** In so many parts it is counted: a gateway that was stopped meanwhile has not waited for longer. */
const PARTS = 20;
/** How long it has to end by itself, in milliseconds, and then again until nobody waits for it. */
const END_MS = 2_000;

/** One launcher: a process that starts others. It keeps the event loop alive while one of those runs. */
export class LauncherProcess {
  readonly #startMs: number;
  readonly #child: NodeChild;
  readonly #ordered = new Map<number, Ordered>();
  #lastId = 0;
  #over = false;
  /** Why it is gone. */
  #why = 'is being ended';
  readonly #gone: Promise<void>;
  #onGone: () => void = () => undefined;

  /**
   * @param startMs - longest time that starting a process may take, in milliseconds.
   * @throws Error when it can't be started.
   */
  constructor(startMs = START_MS) {
    this.#startMs = startMs;
    this.#gone = new Promise((resolve) => (this.#onGone = resolve));
    this.#child = fork(builtProgram(import.meta.url, 'main.js'), [], {
      cwd: '/',
      env: childEnvironment([], {}, process.env),
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // Signals of a terminal are for the gateway, which ends it in its order.
      detached: true,
    });
    this.#child.on('message', (news: LauncherNews) => this.#take(news));
    this.#child.once('exit', (code, by) => this.#lost(processEnd(code, by).reason));
    this.#child.on('error', ({ message }) => {
      if (this.#child.pid === undefined) this.#lost(`can't be started: ${message}`);
    });
    this.#child.unref();
    this.#child.channel?.unref();
  }

  /** True: it starts nothing any more. */
  get over(): boolean {
    return this.#over;
  }

  /** @throws Error that says why the process can't be started. */
  async start(order: ProcessOrder): Promise<Required<StartedProcess>> {
    const pairs = await socketPairs(DESCRIPTORS);
    if (this.#over) {
      closePairs(pairs);
      throw new Error(`its launcher ${this.#why}`);
    }
    const id = ++this.#lastId;
    let parts = 0;
    const late = setInterval(() => {
      parts += 1;
      if (parts === PARTS) this.#child.kill('SIGKILL');
    }, this.#startMs / PARTS);
    try {
      return await new Promise<Required<StartedProcess>>((onStarted, onFailed) => {
        let onEnded: Ordered['onEnded'] = () => undefined;
        const ended = new Promise<ProcessEnd>((resolve) => (onEnded = resolve));
        this.#ordered.set(id, { order, pairs, onStarted, onFailed, ended, onEnded });
        this.#child.ref();
        for (const { far } of pairs) this.#ask({ type: 'descriptor', id }, far);
        this.#ask({ type: 'launch', id, order });
      });
    } finally {
      clearInterval(late);
    }
  }

  /** Ends it, and what it started. Never rejects. */
  async end(): Promise<void> {
    this.#over = true;
    if (this.#child.connected) this.#child.disconnect();
    const waits = new AbortController();
    const late = async (): Promise<void> => {
      await sleep(END_MS, undefined, waits);
      this.#child.kill('SIGKILL');
      await sleep(END_MS, undefined, waits);
    };
    await Promise.race([this.#gone, late().catch(() => undefined)]);
    waits.abort();
  }

  #ask(ask: LauncherAsk, far?: SocketPair['far']): void {
    // One that can't be asked has ended, which is told there. Kept open until it is known to be there.
    this.#child.send(ask, far, { keepOpen: true }, () => undefined);
  }

  #take(news: LauncherNews): void {
    const ordered = this.#ordered.get(news.id);
    if (ordered === undefined) return;
    const { order, pairs, onStarted, onFailed, ended, onEnded } = ordered;
    switch (news.type) {
      case 'started': {
        const [stdout, stderr, socket] = pairs.map(({ near }) => near);
        if (stdout === undefined || stderr === undefined || socket === undefined) return;
        for (const { far } of pairs) far.destroy();
        ordered.pid = news.pid;
        onStarted({ pid: news.pid, stdout, stderr, socket, ended });
        return;
      }
      case 'failed':
        this.#forget(news.id);
        closePairs(pairs);
        onFailed(startFailure(news, order.command[0], order.cwd));
        return;
      case 'ended':
        this.#forget(news.id);
        onEnded(processEnd(news.code, news.signal));
        return;
    }
  }

  #forget(id: number): void {
    this.#ordered.delete(id);
    if (this.#ordered.size === 0) this.#child.unref();
  }

  /** It is gone: nobody would hear of the end of what it started. */
  #lost(reason: string): void {
    this.#over = true;
    this.#why = reason;
    this.#onGone();
    for (const [id, { pid, pairs, onFailed, onEnded }] of this.#ordered) {
      this.#forget(id);
      if (pid !== undefined) signal(-pid, 'SIGKILL');
      else closePairs(pairs);
      onFailed(new Error(`its launcher ${reason}`));
      onEnded({ reason: `was ended with its launcher, which ${reason}` });
    }
  }
}
