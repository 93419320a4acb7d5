import type { Duplex } from 'node:stream';
import { FrameLink } from './frame-link.ts';
import type { Frame } from './frame.ts';
import { errorFromWire, errorToWire } from './wire-error.ts';

/** What is asked, what is answered; both may come with bytes. */
export interface Ask<Question, Answer> {
  readonly question: Question;
  readonly answer: Answer;
}

/** A value with bytes beside it. */
export interface Parcel<T> {
  readonly value: T;
  readonly bytes?: Buffer | undefined;
}

type Question<A> = A extends { readonly question: infer Q } ? Q : never;
type Answer<A> = A extends { readonly answer: infer R } ? R : never;

/** What a side does with what the other one asks and tells. */
export interface Service<A, N> {
  readonly asks: {
    readonly [K in keyof A]: (
      question: Question<A[K]>,
      bytes: Buffer | undefined,
      id: number,
    ) => Promise<Parcel<Answer<A[K]>>>;
  };
  readonly news: { readonly [K in keyof N]: (value: N[K], bytes: Buffer | undefined) => void };
  /** The other side sent junk; nothing is heard from it any more. */
  readonly onJunk: (error: unknown) => void;
  readonly onClose: () => void;
}

/** A frame's text. */
interface Message {
  readonly ask?: string;
  readonly answer?: number;
  readonly fault?: number;
  readonly tell?: string;
  readonly id?: number;
  readonly value?: unknown;
}

interface Pending {
  resolve(parcel: Parcel<unknown>): void;
  reject(error: Error): void;
}

type Handlers = Readonly<
  Record<string, (value: unknown, bytes: Buffer | undefined, id: number) => unknown>
>;

/**
 * One side of a border between two processes: asks the other side, answers it, tells it news.
 *
 * @see docs/adr/0016-an-instance-in-a-process-of-its-own.md
 */
export class Peer<TheirAsks, TheirNews, OurAsks, OurNews> {
  readonly #link: FrameLink;
  readonly #asks: Handlers;
  readonly #news: Handlers;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #end: Error | undefined;

  constructor(socket: Duplex, service: Service<OurAsks, OurNews>) {
    this.#asks = service.asks as Handlers;
    this.#news = service.news as Handlers;
    this.#link = new FrameLink(socket, {
      onFrame: (frame) => this.#take(frame),
      onJunk: service.onJunk,
      onClose: service.onClose,
    });
  }

  /** Frames so far, of both directions. */
  get frames(): { readonly sent: number; readonly received: number } {
    return this.#link;
  }

  get waitingBytes(): number {
    return this.#link.waitingBytes;
  }

  /** The id that the next question gets. */
  get nextId(): number {
    return this.#lastId + 1;
  }

  /** Asks the other side. Rejects with what was thrown there, or with what {@link Peer.end} is given. */
  ask<K extends keyof TheirAsks & string>(
    what: K,
    value: Question<TheirAsks[K]>,
    bytes?: Buffer,
  ): Promise<Parcel<Answer<TheirAsks[K]>>> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) {
        reject(this.#end);
        return;
      }
      const id = ++this.#lastId;
      this.#pending.set(id, { resolve: resolve as Pending['resolve'], reject });
      try {
        this.#link.post({ ask: what, id, value }, bytes);
      } catch (error) {
        this.#pending.delete(id);
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  tell<K extends keyof TheirNews & string>(what: K, value: TheirNews[K], bytes?: Buffer): void {
    this.#link.post({ tell: what, value }, bytes);
  }

  /** Nothing is asked or answered any more. @param error - for all who wait. */
  end(error: Error): void {
    if (this.#end !== undefined) return;
    this.#end = error;
    this.#link.close();
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const one of waiting) one.reject(error);
  }

  #take({ message, bytes }: Frame): void {
    const { ask, answer, fault, tell, id = 0, value } = message as Message;
    if (tell !== undefined) {
      handlerOf(this.#news, tell)(value, bytes, id);
    } else if (ask !== undefined) {
      void this.#serve(handlerOf(this.#asks, ask), value, bytes, id);
    } else if (answer !== undefined) {
      this.#settle(answer)?.resolve({ value, bytes });
    } else if (fault !== undefined) {
      this.#settle(fault)?.reject(errorFromWire(value));
    } else {
      throw new Error('a frame that says nothing');
    }
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  async #serve(
    handler: Handlers[string],
    value: unknown,
    bytes: Buffer | undefined,
    id: number,
  ): Promise<void> {
    try {
      const answer = (await handler(value, bytes, id)) as Parcel<unknown>;
      this.#link.post({ answer: id, value: answer.value }, answer.bytes);
    } catch (error) {
      this.#link.post({ fault: id, value: errorToWire(error) });
    }
  }
}

function handlerOf(handlers: Handlers, name: string): Handlers[string] {
  const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
  if (handler === undefined) throw new Error(`"${name.slice(0, 40)}" is nothing that is known`);
  return handler;
}
