import type { Readable } from 'node:stream';
import { BorrowedBody } from './borrowed-body.ts';
import { BorrowedEvents } from './borrowed-events.ts';
import { LentBody } from './lent-body.ts';
import { LentEvents } from './lent-events.ts';
import type { Borrowed, Lent, StreamNews, StreamTeller } from './stream-news.ts';
import { errorFromWire } from './wire-error.ts';

/**
 * The streams of one side of a border. Nothing of a stream crosses before its borrower asks for it,
 * and never more than it has asked for.
 */
export class Streams {
  readonly #teller: StreamTeller;
  readonly #lent = new Map<number, Lent>();
  readonly #borrowed = new Map<number, Borrowed>();
  #lastId = 0;
  #ended: Error | undefined;

  constructor(teller: StreamTeller) {
    this.#teller = teller;
  }

  /** Lets the other side read a body. @returns what it is known by there. */
  lendBody(body: Readable): number {
    return this.#lend((id, over) => new LentBody(body, id, this.#teller, over));
  }

  /** Lets the other side take events. @param onOver - nothing of them is needed any more. */
  lendEvents(events: AsyncIterable<unknown>, onOver: () => void): number {
    return this.#lend(
      (id, over) =>
        new LentEvents(events, id, this.#teller, () => {
          over();
          onOver();
        }),
    );
  }

  /** Takes back a body that the other side has not begun to read. */
  reclaim(id: number): Readable | undefined {
    const lent = this.#lent.get(id);
    const body = lent instanceof LentBody ? lent.takeBack() : undefined;
    if (body !== undefined) this.#lent.delete(id);
    return body;
  }

  /** @param onOver - nothing of it comes any more, or it was given back. */
  borrowBody(id: number, onOver: () => void): BorrowedBody {
    const body = new BorrowedBody(id, this.#teller, () => {
      this.#borrowed.delete(id);
      onOver();
    });
    this.#keep(id, body);
    return body;
  }

  borrowEvents(id: number): BorrowedEvents {
    const events = new BorrowedEvents(id, this.#teller, () => this.#borrowed.delete(id));
    this.#keep(id, events);
    return events;
  }

  /** The other side is gone. */
  close(error: Error): void {
    this.#ended = error;
    for (const borrowed of [...this.#borrowed.values()]) borrowed.broken(error);
    for (const lent of [...this.#lent.values()]) lent.drop();
    this.#borrowed.clear();
    this.#lent.clear();
  }

  /** What the other side tells. */
  readonly news = {
    pull: ({ lent, bytes }: StreamNews['pull']): void => this.#lent.get(lent)?.pull(bytes),
    drop: ({ lent }: StreamNews['drop']): void => this.#lent.get(lent)?.drop(),
    chunk: ({ borrowed }: StreamNews['chunk'], bytes: Buffer | undefined): void => {
      if (bytes !== undefined) this.#borrowed.get(borrowed)?.chunk(bytes);
    },
    end: ({ borrowed }: StreamNews['end']): void => this.#borrowed.get(borrowed)?.end(),
    broken: ({ borrowed, error }: StreamNews['broken']): void => {
      const told = error === undefined ? undefined : errorFromWire(error);
      this.#borrowed.get(borrowed)?.broken(told);
    },
  };

  #lend(make: (id: number, over: () => void) => Lent): number {
    const id = ++this.#lastId;
    const lent = make(id, () => this.#lent.delete(id));
    if (this.#ended === undefined) this.#lent.set(id, lent);
    else lent.drop();
    return id;
  }

  #keep(id: number, borrowed: Borrowed): void {
    this.#borrowed.set(id, borrowed);
    if (this.#ended !== undefined) borrowed.broken(this.#ended);
  }
}
