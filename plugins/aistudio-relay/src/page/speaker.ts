/** What speaks with the gateway over one connection, in one version. */
export interface Speaker {
  /** The connection is open. */
  opened(): void;
  /** @throws Error when the gateway broke the rules; the connection is closed then. */
  received(data: string | ArrayBuffer): void;
  /** The connection is gone. */
  closed(): void;
}
