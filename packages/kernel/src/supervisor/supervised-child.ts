import { randomBytes } from 'node:crypto';
import type { ChildExit, ChildStatus, HttpClient, Json, Logger } from '@cliproxy/plugin-api';
import type { ChildFiles } from '../ports/child-files.ts';
import type { Clock } from '../ports/clock.ts';
import type { SecretRegistry } from '../ports/secret-registry.ts';
import { type ChildHandle, badChild, childDown } from './child-handle.ts';
import { type ChildEvent, type ChildLife, newLife, nextLife } from './child-life.ts';
import type { ChildPlan } from './child-plan.ts';
import { ChildProcess } from './child-process.ts';
import type { ChildRecords } from './child-records.ts';
import type { Launcher } from './launcher/launcher.ts';
import { endRemains } from './leftovers.ts';
import { OutputLog } from './output-log.ts';
import { readProcess } from './process-table.ts';
import { answersWell, fallsSilent } from './ready-check.ts';
import type { ProcessEnd } from './start-process.ts';

/** What every child needs. */
export interface ChildPorts {
  readonly clock: Clock;
  readonly files: ChildFiles;
  readonly secrets: SecretRegistry;
  readonly records: ChildRecords;
  readonly launcher: Launcher;
  /** Resolves when nothing of a killed gateway is left. */
  readonly cleared: () => Promise<void>;
  /** Told of each change of state. */
  readonly onChange: (child: SupervisedChild) => void;
}

/** Whose child it is. */
export interface ChildSurroundings {
  readonly instanceId: string;
  /** For the ready check; knows which hosts the plugin may reach. */
  readonly http: HttpClient;
  readonly logger: Logger;
}

/** How often junk on a channel is told of, in milliseconds. */
const JUNK_PAUSE_MS = 60_000;

/** Keeps one child running: starts its processes, watches them, and starts them again. */
export class SupervisedChild {
  readonly id: string;
  readonly instanceId: string;
  readonly plan: ChildPlan;
  readonly #ports: ChildPorts;
  #surroundings: ChildSurroundings;
  readonly #output: OutputLog;
  #life: ChildLife;
  /** When the state became what it is, and the process began, since 1970. */
  #sinceMs: number;
  #startedMs: number | undefined;
  #handle: ChildHandle;
  #process: ChildProcess | undefined;
  /** Why the gateway itself ends the process. */
  #fault: string | undefined;
  /** Ends what waits on the process. */
  #watch = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #memoryBytes: number | undefined;
  /** The life's first message, for a generation that takes over. */
  #hello: { readonly message: Json; readonly bytes: number } | undefined;
  #onHello: () => void = () => undefined;
  #onReady: () => void = () => undefined;
  #junk = 0;
  #junkToldMs: number | undefined;
  readonly #stopped: Promise<void>;
  #onStopped: () => void = () => undefined;

  constructor(
    plan: ChildPlan,
    handle: ChildHandle,
    surroundings: ChildSurroundings,
    ports: ChildPorts,
  ) {
    const { instanceId } = surroundings;
    this.id = `${instanceId}/${plan.name}`;
    this.instanceId = instanceId;
    this.plan = plan;
    this.#ports = ports;
    this.#surroundings = surroundings;
    this.#handle = handle;
    const { clock, files } = ports;
    const log = files.log(instanceId, plan.name);
    this.#output = new OutputLog({ log, clock });
    this.#life = newLife(clock.monotonic(), plan.pauses);
    this.#sinceMs = clock.now();
    this.#stopped = new Promise((resolve) => (this.#onStopped = resolve));
  }

  /** Begins its first process. */
  begin(): void {
    this.#handle.attach(this.#handled());
    this.#ports.onChange(this);
    this.#act();
  }

  get state(): ChildLife['state'] {
    return this.#life.state;
  }

  /** Where what it prints is kept. */
  get logFile(): string | undefined {
    return this.#output.file;
  }

  /** Of its process, while there is one. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  status(): ChildStatus {
    const { state, restarts, retryAtMs, lastExit } = this.#life;
    const { clock } = this.#ports;
    return {
      state,
      sinceMs: this.#sinceMs,
      restarts,
      ...(this.pid === undefined ? {} : { pid: this.pid }),
      ...(this.pid === undefined || this.#startedMs === undefined
        ? {}
        : { startedMs: this.#startedMs }),
      ...(this.#memoryBytes === undefined ? {} : { memoryBytes: this.#memoryBytes }),
      ...(retryAtMs === undefined
        ? {}
        : { retryAtMs: Math.round(clock.now() + retryAtMs - clock.monotonic()) }),
      ...(lastExit === undefined ? {} : { lastExit }),
    };
  }

  /** The next generation has it from now on; the process notices nothing. */
  handTo(handle: ChildHandle, surroundings: ChildSurroundings): void {
    this.#handle.detach(this.#ports.clock.now());
    this.#handle = handle;
    this.#surroundings = surroundings;
    handle.attach(this.#handled());
    if (this.#hello !== undefined) handle.take(this.#hello.message, this.#hello.bytes);
    this.#process?.channel?.resume();
  }

  /** Ends its process and starts it anew, whatever state it is in. */
  restart(): void {
    this.#dispatch({ type: 'stop', again: true });
  }

  /** Ends it for good. Resolves when nothing of it is left; never rejects. */
  async stop(): Promise<void> {
    if (this.#life.state !== 'stopped') this.#dispatch({ type: 'stop', again: false });
    await this.#stopped;
  }

  /** Ends its process and all of its group at once; for the end of the gateway. */
  kill(): void {
    this.#process?.kill();
  }

  /** What its processes take; above the ceiling it is started again. */
  noteMemory(bytes: number): void {
    this.#memoryBytes = bytes;
    const limit = this.plan.memoryLimitBytes;
    if (limit === undefined || bytes <= limit) return;
    const mb = (amount: number): number => Math.round(amount / 1024 / 1024);
    this.#endFor(`took ${mb(bytes)} MiB of memory, more than its ${mb(limit)} MiB`, 'at-once');
  }

  #handled(): Parameters<ChildHandle['attach']>[0] {
    return {
      status: () => this.status(),
      send: (message) => this.#send(message),
      flow: (on) => {
        if (on) this.#process?.channel?.resume();
        else this.#process?.channel?.pause();
      },
    };
  }

  async #send(message: Json): Promise<void> {
    if (!this.plan.channel) throw badChild(`child ${this.id} has no channel`);
    const channel = this.#process?.channel;
    if (channel === undefined) throw childDown(this.id, this.status());
    return channel.send(message);
  }

  #dispatch(event: ChildEvent): void {
    const { clock } = this.#ports;
    const former = this.#life;
    this.#life = nextLife(former, event, clock.monotonic());
    if (this.#life.state !== former.state || event.type === 'launch') {
      this.#sinceMs = clock.now();
      this.#handle.changed();
      this.#ports.onChange(this);
    }
    this.#act();
  }

  /** Does what the life's state asks for. */
  #act(): void {
    clearTimeout(this.#timer);
    const { state, running, retryAtMs } = this.#life;
    if (state === 'stopping') {
      this.#watch.abort();
      this.#process?.stop(this.plan.stopSignal, this.plan.stopTimeoutMs);
    } else if (state === 'stopped') {
      void this.#close();
    } else if (!running && retryAtMs !== undefined) {
      const pauseMs = Math.max(0, retryAtMs - this.#ports.clock.monotonic());
      this.#timer = setTimeout(() => void this.#run(), pauseMs).unref();
    } else if (!running) {
      void this.#run();
    }
  }

  /** One process, from its start until nothing of it is left. */
  async #run(): Promise<void> {
    this.#watch = new AbortController();
    this.#fault = undefined;
    this.#hello = undefined;
    this.#dispatch({ type: 'launch' });
    let end: ProcessEnd;
    try {
      end = await this.#oneProcess();
    } catch (error) {
      end = { reason: `can't be started: ${(error as Error).message}` };
    }
    this.#watch.abort();
    this.#process = undefined;
    this.#memoryBytes = undefined;
    const exit = this.#exitOf(end);
    this.#output.note(exit.reason);
    this.#dispatch({ type: 'ended', exit });
  }

  async #oneProcess(): Promise<ProcessEnd> {
    const { files, records, launcher, cleared } = this.#ports;
    await cleared();
    const cwd = this.plan.cwd ?? (await files.folder(this.instanceId, this.plan.name));
    const mark = `${await records.owner()}.${randomBytes(8).toString('hex')}`;
    if (this.#life.state === 'stopping') return { reason: 'was stopped before it ran' };
    const process = await ChildProcess.start({
      plan: this.plan,
      cwd,
      mark,
      output: this.#output,
      launcher,
      listener: {
        onMessage: (message, bytes) => this.#take(message, bytes),
        onJunk: () => this.#takeJunk(),
        onOversize: () => {
          this.#endFor(`sent a message longer than ${this.plan.maxMessageBytes} bytes`, 'kindly');
        },
      },
    });
    const { pid } = process;
    this.#process = process;
    // It was to end while it was being started.
    if (this.state === 'stopping') this.#act();
    this.#startedMs = this.#ports.clock.now();
    this.#handle.changed();
    const row = readProcess(pid);
    if (row !== undefined) void records.put({ id: this.id, pid, startTicks: row.startTicks });
    void this.#awaitReadiness(this.#watch.signal);
    this.#giveLink(process, pid);
    const end = await process.ended;
    await endRemains(mark, { pid, startTicks: row?.startTicks ?? 0 });
    process.close();
    await records.remove(this.id);
    return end;
  }

  /** Gives the process to whoever speaks with it over its socket. */
  #giveLink(process: ChildProcess, pid: number): void {
    const { socket } = process;
    if (socket === undefined) return;
    const isThis = (): boolean => this.#process === process;
    this.#handle.onProcess({
      pid,
      socket,
      ended: process.ended.then(({ reason }) => this.#fault ?? reason),
      ready: () => {
        if (isThis()) this.#onReady();
      },
      fail: (fault) => {
        if (isThis()) this.#endFor(fault, 'at-once');
      },
      noteMemory: (bytes) => {
        if (isThis()) this.noteMemory(bytes);
      },
    });
  }

  async #awaitReadiness(signal: AbortSignal): Promise<void> {
    // It was to end before it ran.
    if (signal.aborted) return;
    const { readyUrl, readyTimeoutMs, aliveTimeoutMs, channel, linked } = this.plan;
    // Of whichever generation has the child at the moment.
    const http: HttpClient = {
      request: (request, limit) => this.#surroundings.http.request(request, limit),
    };
    const late = setTimeout(() => {
      this.#endFor(`was not ready within ${readyTimeoutMs} ms`, 'kindly');
    }, readyTimeoutMs);
    signal.addEventListener('abort', () => clearTimeout(late), { once: true });
    try {
      if (channel) await this.#greeted(signal);
      if (linked) await this.#saidReady(signal);
      if (readyUrl !== undefined) await answersWell(http, readyUrl, signal);
      clearTimeout(late);
      signal.throwIfAborted();
      this.#dispatch({ type: 'ready' });
      if (readyUrl === undefined || aliveTimeoutMs === undefined) return;
      await fallsSilent(http, readyUrl, aliveTimeoutMs, signal);
      this.#endFor(`gave no answer at ${readyUrl} for ${aliveTimeoutMs} ms`, 'kindly');
    } catch {
      // The process ends or has ended, which is told there.
    }
  }

  /** Resolves when the child has said that it is ready. */
  #greeted(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onHello = resolve;
      signal.addEventListener('abort', () => reject(new Error('ended')), { once: true });
    });
  }

  /** Resolves when whoever speaks with it says that it is ready. */
  #saidReady(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onReady = resolve;
      signal.addEventListener('abort', () => reject(new Error('ended')), { once: true });
    });
  }

  #take(message: Json, bytes: number): void {
    if (this.#hello === undefined && isHello(message)) {
      this.#hello = { message, bytes };
      this.#onHello();
    }
    this.#handle.take(message, bytes);
  }

  #takeJunk(): void {
    this.#junk += 1;
    const nowMs = this.#ports.clock.monotonic();
    if (this.#junkToldMs !== undefined && nowMs - this.#junkToldMs < JUNK_PAUSE_MS) return;
    this.#junkToldMs = nowMs;
    const { logger } = this.#surroundings;
    logger.warn(`child ${this.id} sends what is no message, ${this.#junk} times so far; left out`);
  }

  /** Ends the process because of a fault of it; what follows is as if it had ended by itself. */
  #endFor(fault: string, how: 'kindly' | 'at-once'): void {
    if (this.#life.state === 'stopping' || this.#fault !== undefined) return;
    this.#fault = fault;
    this.#output.note(`${fault}: ending it`);
    if (how === 'kindly') this.#process?.stop(this.plan.stopSignal, this.plan.stopTimeoutMs);
    else this.#process?.kill();
  }

  #exitOf(end: ProcessEnd): ChildExit {
    const { lastLine } = this.#output;
    const by = this.#fault ?? end.reason;
    const said =
      lastLine === undefined
        ? ''
        : `; its last line: ${this.#ports.secrets.mask(lastLine).slice(0, 300)}`;
    const { code, signal } = end;
    return {
      atMs: this.#ports.clock.now(),
      ...(code === undefined ? {} : { code }),
      ...(signal === undefined ? {} : { signal }),
      // Who stops it knows why; a last line would look like a fault.
      reason: this.#life.state === 'stopping' ? by : `${by}${said}`,
    };
  }

  async #close(): Promise<void> {
    this.#handle.detach(this.#ports.clock.now());
    await this.#output.close();
    this.#onStopped();
  }
}

function isHello(message: Json): boolean {
  return (
    typeof message === 'object' && message !== null && 'type' in message && message.type === 'ready'
  );
}
