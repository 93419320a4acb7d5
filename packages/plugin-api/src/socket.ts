import type { HeaderMap } from './http.ts';

/** A WebSocket connection, with back-pressure in both directions. */
export interface Socket {
  readonly messages: AsyncIterable<Buffer | string>;
  /** Resolves when the peer can take more. */
  send(data: Buffer | string): Promise<void>;
  close(code: number, reason: string): void;
}

/** A WebSocket path that a plugin serves on the gateway's port. */
export interface SocketEndpoint {
  readonly path: string;
  /** Origins that may connect. */
  readonly origins: readonly string[];
  readonly maxMessageBytes: number;
  /** Decides on an upgrade before it happens; a throw refuses it. */
  admit(head: { readonly url: string; readonly headers: HeaderMap }): Promise<void>;
  /** Serves one connection until it ends. */
  accept(socket: Socket, signal: AbortSignal): Promise<void>;
}
