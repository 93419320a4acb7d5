/** What a page needs to work for a gateway. */
export interface RelayOptions {
  /** Where the gateway takes pages: `ws:` or `wss:`. */
  readonly url: string;
  /** 2, unless the gateway is another one than cliproxy. */
  readonly version: 1 | 2;
  /**
   * Version 2: `ticket.` or `token.` and its value, as `envelope/v2` says. Version 1: the relay
   * token, which becomes part of the address; empty where the address has it.
   */
  readonly credential: string;
  /** Origins that may be called, such as `https://generativelanguage.googleapis.com`. */
  readonly allowedOrigins: readonly string[];
  /** The browser profile, where the gateway's own service opened the page. */
  readonly profile?: string;
}

/** How a page's work goes. */
export interface RelayStatus {
  readonly state: 'connecting' | 'connected' | 'waiting' | 'stopped';
  /** When `state` became what it is, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** Calls under way, answered, and failed. */
  readonly running: number;
  readonly answered: number;
  readonly failed: number;
  readonly lastError?: string;
}
