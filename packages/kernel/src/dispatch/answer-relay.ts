import { isGatewayError } from '@cliproxy/plugin-api';
import type { AnswerPipe } from '../ports/dialects.ts';
import type { AttemptClock } from './attempt-clock.ts';
import type { CommitGate } from './commit-gate.ts';
import type { AnswerSink } from './ingress-call.ts';
import type { Relay, RelayTarget } from './relay.ts';

/** A pipe for pieces of whichever kind. */
export interface PiecePipe<T> extends Omit<AnswerPipe, 'push'> {
  push(piece: T, out: Buffer[]): boolean;
}

/** What an {@link AnswerRelay} works with. */
export interface AnswerRelayParts<T> {
  readonly pipe: PiecePipe<T>;
  readonly gate: CommitGate;
  readonly clock: AttemptClock;
  readonly sink: Pick<AnswerSink, 'onDrain'>;
  readonly idleMs: number;
  /** Makes an error of what a pipe threw that is none of ours. */
  readonly oddity: (thrown: unknown) => Error;
  /** The answer is complete and handed to the client. */
  readonly onDone: () => void;
  /** It failed; called once. */
  readonly onFail: (thrown: unknown) => void;
}

/**
 * The stretch from an upstream's answer to the client: source, pipe, gate, sink. A slow client
 * halts the source, and nobody is blamed for the silence that follows.
 */
export class AnswerRelay<T> implements RelayTarget<T> {
  readonly #parts: AnswerRelayParts<T>;
  /** The pipe's output; one array for all pieces. */
  readonly #out: Buffer[] = [];
  #source: Relay | undefined;
  #begun = false;
  #halted = false;
  #over = false;

  constructor(parts: AnswerRelayParts<T>) {
    this.#parts = parts;
  }

  /** Connects the source; it brings its first piece later than this call. */
  from(source: Relay): void {
    this.#source = source;
    if (this.#halted) source.pause();
  }

  take(piece: T): void {
    const { pipe, gate, clock } = this.#parts;
    if (this.#begun) clock.heard();
    else {
      this.#begun = true;
      clock.enter('idle', this.#parts.idleMs);
    }
    const out = this.#out;
    out.length = 0;
    try {
      const meaningful = pipe.push(piece, out);
      if (out.length > 0) clock.sent();
      if (!gate.pass(out, meaningful)) this.halt();
    } catch (thrown) {
      this.#failBy(thrown);
    }
  }

  end(): void {
    const { pipe, gate } = this.#parts;
    const out = this.#out;
    out.length = 0;
    try {
      pipe.end(out);
      gate.finish(out);
    } catch (thrown) {
      this.#failBy(thrown);
      return;
    }
    this.#over = true;
    this.#parts.onDone();
  }

  fail(thrown: unknown): void {
    this.#over = true;
    this.#parts.onFail(thrown);
  }

  /** The client reads slower than we write: waits for it. */
  halt(): void {
    if (this.#halted || this.#over) return;
    this.#halted = true;
    this.#parts.clock.pause();
    this.#source?.pause();
    this.#parts.sink.onDrain(this.#resume);
  }

  /** Lets the source go. */
  stop(): void {
    this.#over = true;
    this.#source?.stop();
  }

  readonly #resume = (): void => {
    this.#halted = false;
    if (this.#over) return;
    this.#parts.clock.resume();
    this.#source?.resume();
  };

  /** What had come out before the failure still belongs to an answer that has begun. */
  #failBy(thrown: unknown): void {
    const { gate, oddity } = this.#parts;
    try {
      if (gate.committed) gate.pass(this.#out, false);
    } catch {
      // Then it was the client's side that failed, and there is nobody to give it to.
    }
    this.fail(isGatewayError(thrown) ? thrown : oddity(thrown));
  }
}
