/** What is told of streams, in both directions. */
export interface StreamNews {
  /** The borrower can take so many bytes more. */
  readonly pull: { readonly lent: number; readonly bytes: number };
  /** The borrower wants no more. */
  readonly drop: { readonly lent: number };
  /** Comes with bytes. */
  readonly chunk: { readonly borrowed: number };
  readonly end: { readonly borrowed: number };
  /** It broke; without an error: it was closed before its end. */
  readonly broken: { readonly borrowed: number; readonly error?: unknown };
}

/** How streams tell the other side. */
export interface StreamTeller {
  tell<K extends keyof StreamNews>(what: K, value: StreamNews[K], bytes?: Buffer): void;
}

/** A stream of this side that the other one may read. */
export interface Lent {
  pull(bytes: number): void;
  drop(): void;
}

/** A stream of the other side. */
export interface Borrowed {
  chunk(bytes: Buffer): void;
  end(): void;
  broken(error: Error | undefined): void;
}
