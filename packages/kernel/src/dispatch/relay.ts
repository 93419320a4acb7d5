/** Where a relay brings what it gets; never throws. */
export interface RelayTarget<T> {
  /** May call {@link Relay.pause} or {@link Relay.stop}. */
  take(piece: T): void;
  /** The source is at its end. */
  end(): void;
  /** The source broke. */
  fail(thrown: unknown): void;
}

/** Moves an upstream's answer piece by piece, no faster than the client takes it. */
export interface Relay {
  pause(): void;
  resume(): void;
  /** Brings nothing more, and lets the source go. */
  stop(): void;
}
