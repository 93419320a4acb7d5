import { GatewayError } from '@cliproxy/plugin-api';
import type { AnswerSink, AnswerStart } from './ingress-call.ts';

/** Small pieces are put together up to here: one write costs more than one copy. */
const JOIN_BYTES = 65_536;

/**
 * Decides the commit point, for wire and events alike: the moment from which the client has bytes
 * of this answer, and no other one may follow.
 *
 * Holds what would go to the client until the beginning is meaningful (streams), more is held than
 * `holdBytes`, the answer is complete, or somebody calls {@link CommitGate.commit}. Nothing reaches
 * the sink after {@link CommitGate.finish}, {@link CommitGate.breakOff} or {@link CommitGate.shut}.
 */
export class CommitGate {
  readonly #sink: AnswerSink;
  readonly #head: AnswerStart;
  readonly #streaming: boolean;
  readonly #holdBytes: number;
  readonly #onCommit: () => void;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #state: 'holding' | 'open' | 'over' = 'holding';
  #committed = false;

  /**
   * @param head - of the answer; its length is added where the whole answer was held.
   * @param streaming - false: meaningful bytes alone don't commit.
   * @param holdBytes - most bytes that are held.
   * @param onCommit - called once, before the first byte goes out.
   */
  constructor(
    sink: AnswerSink,
    head: AnswerStart,
    streaming: boolean,
    holdBytes: number,
    onCommit: () => void,
  ) {
    this.#sink = sink;
    this.#head = head;
    this.#streaming = streaming;
    this.#holdBytes = holdBytes;
    this.#onCommit = onCommit;
  }

  /** True from the commit point on. */
  get committed(): boolean {
    return this.#committed;
  }

  /**
   * Takes bytes for the client.
   *
   * @param meaningful - the verdict on them.
   * @returns false when the client reads slower than we write.
   */
  pass(bytes: readonly Buffer[], meaningful: boolean): boolean {
    if (this.#state === 'open') return this.#write(bytes);
    if (this.#state === 'over') return true;
    for (const piece of bytes) {
      this.#held.push(piece);
      this.#heldBytes += piece.length;
    }
    const full = this.#heldBytes > this.#holdBytes;
    return full || (meaningful && this.#streaming) ? this.commit() : true;
  }

  /** Commits now, whatever is held. @returns as {@link CommitGate.pass} */
  commit(): boolean {
    if (this.#state !== 'holding') return true;
    this.#start(this.#head);
    this.#state = 'open';
    return this.#flush();
  }

  /** The answer is complete with these bytes. */
  finish(bytes: readonly Buffer[]): void {
    if (this.#state === 'over') return;
    if (this.#state === 'open') this.#write(bytes);
    else {
      let contentLength = this.#heldBytes;
      for (const piece of bytes) {
        this.#held.push(piece);
        contentLength += piece.length;
      }
      const { status, contentType, headers } = this.#head;
      const head = { status, contentType, contentLength, headers };
      this.#start(this.#streaming ? this.#head : head);
      this.#flush();
    }
    this.#state = 'over';
    this.#sink.end();
  }

  /**
   * The answer broke after the commit point.
   *
   * @param words - what tells the client so; empty: the connection is cut instead.
   */
  breakOff(words: Buffer): void {
    if (this.#state !== 'open') return;
    this.#state = 'over';
    if (words.length === 0) {
      this.#sink.cut();
      return;
    }
    try {
      this.#sink.write(words);
      this.#sink.end();
    } catch {
      this.#sink.cut();
    }
  }

  /** Nothing more is for the client: it has left, or this answer is given up. */
  shut(): void {
    this.#state = 'over';
    this.#held = [];
  }

  #start(head: AnswerStart): void {
    this.#onCommit();
    try {
      this.#sink.start(head);
    } catch (cause) {
      this.shut();
      throw sinkFault(cause);
    }
    this.#committed = true;
  }

  #flush(): boolean {
    const held = this.#held;
    this.#held = [];
    return this.#write(held);
  }

  #write(pieces: readonly Buffer[]): boolean {
    try {
      return write(this.#sink, pieces);
    } catch (cause) {
      throw sinkFault(cause);
    }
  }
}

function write(sink: AnswerSink, pieces: readonly Buffer[]): boolean {
  const [first] = pieces;
  if (first === undefined) return true;
  if (pieces.length === 1) return first.length === 0 || sink.write(first);
  let total = 0;
  for (const piece of pieces) total += piece.length;
  if (total <= JOIN_BYTES) return total === 0 || sink.write(Buffer.concat(pieces, total));
  let fast = true;
  for (const piece of pieces) {
    if (piece.length > 0) fast = sink.write(piece) && fast;
  }
  return fast;
}

/** Our own fault: no account is to blame, and no other target can mend it. */
function sinkFault(cause: unknown): GatewayError {
  return new GatewayError('KERNEL_INTERNAL', 'the answer could not be given to the client', {
    failure: { kind: 'upstream', scope: 'request' },
    cause,
  });
}
