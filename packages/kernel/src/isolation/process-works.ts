import type { CallContext, HttpClient, LoginSession, OutgoingRequest } from '@cliproxy/plugin-api';
import { errorToWire } from './channel/wire-error.ts';
import type { ProcessPeer } from './process-peer.ts';

/** Work that a plugin's process has under way for the gateway. */
export interface ProcessWork {
  readonly signal: AbortSignal;
  readonly http?: HttpClient;
  readonly authorize?: CallContext['authorize'];
  /** The call's body, which the process gives back by a mark. */
  readonly body?: Buffer;
  /** Of a login. */
  readonly session?: LoginSession;
  /** What the process told of it can't be followed. */
  readonly onFault?: (error: Error) => void;
}

interface OpenWork {
  readonly work: ProcessWork;
  readonly onAbort: () => void;
}

/** The gateway's side of what a process has under way: gives each a number, and ends it. */
export class ProcessWorks {
  readonly #peer: ProcessPeer;
  readonly #open = new Map<number, OpenWork>();
  /** Which question of the process a request came with. */
  readonly #origins = new WeakMap<OutgoingRequest, number>();
  #lastId = 0;

  constructor(peer: ProcessPeer) {
    this.#peer = peer;
  }

  /** Begins a work; {@link ProcessWorks.close} ends it. An abort of its signal is passed on. */
  begin(work: ProcessWork): number {
    const id = ++this.#lastId;
    const { signal } = work;
    const onAbort = (): void => {
      this.#peer.tell('abort', { work: id, error: errorToWire(signal.reason) });
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.#open.set(id, { work, onAbort });
    return id;
  }

  get(id: number): ProcessWork | undefined {
    return this.#open.get(id)?.work;
  }

  /** Nothing of it is needed any more. */
  close(id: number): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#open.delete(id);
    open.work.signal.removeEventListener('abort', open.onAbort);
  }

  /** Runs what ends with its answer, on both sides. */
  async during<T>(work: ProcessWork, ask: (id: number) => Promise<T>): Promise<T> {
    work.signal.throwIfAborted();
    const id = this.begin(work);
    try {
      return await ask(id);
    } finally {
      this.close(id);
    }
  }

  /** Remembers which question a request came with: the process has its body. */
  noteOrigin(request: OutgoingRequest, question: number): void {
    this.#origins.set(request, question);
  }

  originOf(request: OutgoingRequest): number | undefined {
    return this.#origins.get(request);
  }

  closeAll(): void {
    for (const id of [...this.#open.keys()]) this.close(id);
  }
}
