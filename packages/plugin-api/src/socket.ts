import type { HeaderMap } from './http.ts';

/** A WebSocket connection, with back-pressure in both directions. */
export interface Socket {
  /**
   * What the peer says, text as `string` and binary as `Buffer`. While nobody asks for the next one,
   * nothing more is read from the connection. Ends when the connection does, however that is.
   */
  readonly messages: AsyncIterable<Buffer | string>;
  /**
   * Sends a message, after those before it. Resolves when the peer can take more.
   *
   * @throws Error when the connection has ended.
   */
  send(data: Uint8Array | string): Promise<void>;
  /**
   * Closes the connection; does nothing where it has ended.
   *
   * @param code - 1000, 1001, 1003, 1007 to 1011, or 4000 to 4999.
   * @param reason - at most 123 bytes; never a secret.
   */
  close(code: number, reason: string): void;
}

/** What a peer shows when it asks for a connection. */
export interface SocketHead {
  /** Path and query; may hold a secret: never to be logged. */
  readonly url: string;
  /** By lower-case name; may hold secrets. */
  readonly headers: HeaderMap;
  /** The subprotocols that it offers, in its order. */
  readonly protocols: readonly string[];
}

/** A connection that was let in. */
export interface SocketAdmission {
  /** The subprotocol to speak, of those that were offered. Absent: none. */
  readonly protocol?: string;
  /** What the admission rests on, such as the digest of a token. See {@link SocketEndpoint.holds}. */
  readonly grant?: string;
  /**
   * Serves the connection until it ends. It is closed when this settles.
   *
   * @param signal - aborted when the instance takes no new work: it was replaced. Calls under way may
   *   end; when the instance itself ends, the connection is closed.
   */
  accept(socket: Socket, signal: AbortSignal): Promise<void>;
}

/** What one peer may connect with, once; an operator hands it on. */
export interface SocketTicket {
  /** As a person enters it at the peer: up to 500 printable characters, no blanks. */
  readonly ticket: string;
  /** Milliseconds since 1970; soon. */
  readonly expiresAtMs: number;
}

/** A WebSocket path that a plugin serves on the gateway's port. */
export interface SocketEndpoint {
  /** Named in the manifest's `provides.sockets`. */
  readonly path: string;
  /**
   * Origins that may connect, such as `https://app.example`; `https://*.app.example` stands for the
   * names below that one. Others are refused before `admit`, and so is who names none.
   */
  readonly origins: readonly string[];
  /** The largest message; a larger one closes the connection with 1009. */
  readonly maxMessageBytes: number;
  /**
   * Decides on a connection before it is made. 10 s.
   *
   * @throws GatewayError `CLIENT_UNAUTHORIZED` when what was shown does not count: such tries are
   *   limited.
   */
  admit(head: SocketHead): Promise<SocketAdmission>;
  /**
   * Whether a grant that a former generation of the instance gave still counts. Where it does not,
   * its connections are closed at once with 1008. Absent: all count.
   */
  holds?(grant: string): boolean;
  /**
   * Makes a ticket for a peer that a person sets up and that has no credential of its own. An
   * operator asks for it with an admin key. 10 s. Absent: there are none.
   */
  issueTicket?(): Promise<SocketTicket>;
}
