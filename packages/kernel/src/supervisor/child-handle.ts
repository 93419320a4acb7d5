import type { Duplex } from 'node:stream';
import { GatewayError } from '@cliproxy/plugin-api';
import type { Child, ChildStatus, Json } from '@cliproxy/plugin-api';

/** What stands behind a handle: the child that it is for at the moment. */
export interface HandledChild {
  status(): ChildStatus;
  send(message: Json): Promise<void>;
  /** Whether the child may send more. */
  flow(on: boolean): void;
}

/** One process of a child whose plan is `linked`. */
export interface ProcessLink {
  readonly pid: number;
  /** The other end is the process's descriptor 3. */
  readonly socket: Duplex;
  /** Resolves when the process has ended, with why: a sentence that begins after its name. */
  readonly ended: Promise<string>;
  /** It is at work: until then, it may be ended for taking its time. */
  ready(): void;
  /** Ends it at once because of a fault; it is started again as if it had ended by itself. */
  fail(fault: string): void;
  /** Tells what it takes, between two looks of the supervisor's own. */
  noteMemory(bytes: number): void;
}

/** What may wait for a plugin that reads slowly. */
const MAX_WAITING_BYTES = 1024 * 1024;
const MAX_WAITING = 256;

/** A child as one generation of a plugin sees it, over all processes. */
export class ChildHandle implements Child {
  readonly name: string;
  readonly #id: string;
  readonly #channel: boolean;
  readonly #listeners = new Set<(status: ChildStatus) => void>();
  /** Told of each process, for a plan that is `linked`. */
  onProcess: (link: ProcessLink) => void = () => undefined;
  #child: HandledChild | undefined;
  #last: ChildStatus;
  #waiting: { readonly message: Json; readonly bytes: number }[] = [];
  #waitingBytes = 0;
  #over = false;
  /** Wakes the reader. */
  #wake: (() => void) | undefined;

  constructor(instanceId: string, name: string, channel: boolean, nowMs: number) {
    this.#id = `${instanceId}/${name}`;
    this.name = name;
    this.#channel = channel;
    this.#last = { state: 'waiting', sinceMs: nowMs, restarts: 0 };
  }

  get status(): ChildStatus {
    return this.#child?.status() ?? this.#last;
  }

  get messages(): AsyncIterable<Json> {
    return { [Symbol.asyncIterator]: () => this.#read() };
  }

  async send(message: Json): Promise<void> {
    if (!this.#channel) throw badChild(`child ${this.#id} has no channel: set channel: true`);
    if (this.#child === undefined) throw childDown(this.#id, this.status);
    return this.#child.send(message);
  }

  onChange(listener: (status: ChildStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async ready(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const look = (status: ChildStatus): void => {
        const { state } = status;
        if (state === 'ready') settle(resolve);
        else if (state === 'crash-loop' || state === 'stopped') {
          settle(() => reject(childDown(this.#id, status)));
        }
      };
      const aborted = (): void => {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the signal's own
        settle(() => reject(signal.reason));
      };
      const ignore = this.onChange(look);
      const settle = (end: () => void): void => {
        ignore();
        signal.removeEventListener('abort', aborted);
        end();
      };
      signal.addEventListener('abort', aborted, { once: true });
      look(this.status);
    });
  }

  /** It is for this child from now on. */
  attach(child: HandledChild): void {
    this.#child = child;
    this.changed();
  }

  /** It is over: the child has stopped for good, or serves the next generation. */
  detach(nowMs: number): void {
    if (this.#over) return;
    this.#last = { ...this.status, state: 'stopped', sinceMs: nowMs };
    this.#child = undefined;
    this.#over = true;
    this.#tell();
    this.#wake?.();
  }

  /** The child's status is another. */
  changed(): void {
    this.#tell();
  }

  /** A message came from the child. @param bytes - its length as JSON. */
  take(message: Json, bytes: number): void {
    this.#waiting.push({ message, bytes });
    this.#waitingBytes += bytes;
    if (this.#full()) this.#child?.flow(false);
    this.#wake?.();
  }

  #full(): boolean {
    return this.#waiting.length >= MAX_WAITING || this.#waitingBytes >= MAX_WAITING_BYTES;
  }

  async *#read(): AsyncGenerator<Json, void, undefined> {
    for (;;) {
      const next = this.#waiting.shift();
      if (next !== undefined) {
        this.#waitingBytes -= next.bytes;
        if (!this.#full()) this.#child?.flow(true);
        yield next.message;
      } else if (this.#over) {
        return;
      } else {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    }
  }

  #tell(): void {
    const { status } = this;
    for (const listener of [...this.#listeners]) {
      try {
        listener(status);
      } catch {
        // A plugin's own fault, and none of the child's.
      }
    }
  }
}

/** A spec or a wish that can't be followed. */
export function badChild(message: string): GatewayError {
  return new GatewayError('PLUGIN_BAD_CHILD', message);
}

/** Says how a child does, where it should run. */
export function childDown(id: string, status: ChildStatus): GatewayError {
  const { state, lastExit } = status;
  const why = lastExit === undefined ? '' : `: ${lastExit.reason}`;
  return new GatewayError('PLUGIN_CHILD_DOWN', `child ${id} is ${state}${why}`);
}
