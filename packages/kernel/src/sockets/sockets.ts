import type { Socket, SocketHead, SocketTicket } from '@cliproxy/plugin-api';

/** The WebSocket paths that plugins serve, as the edge sees them. */
export interface Sockets {
  /** What serves a path now. */
  at(path: string): SocketPlace | undefined;
  /**
   * A ticket that one peer may connect to an instance with, once.
   *
   * @throws GatewayError `AUTH_TICKET_UNSUPPORTED` when the instance does not run or gives none; what
   *   the plugin says, `PLUGIN_TIMEOUT` or `PLUGIN_FAULT`.
   */
  ticket(instanceId: string): Promise<IssuedSocketTicket>;
}

/** A ticket, with where it counts. */
export interface IssuedSocketTicket extends SocketTicket {
  /** The WebSocket path, on the gateway's port. */
  readonly path: string;
}

/** One instance's path. */
export interface SocketPlace {
  readonly instanceId: string;
  /** See `SocketEndpoint.origins`. */
  readonly origins: readonly string[];
  readonly maxMessageBytes: number;
  /**
   * Asks the plugin for leave.
   *
   * @throws GatewayError what the plugin says, `PLUGIN_TIMEOUT` or `PLUGIN_FAULT`.
   */
  admit(head: SocketHead): Promise<AdmittedSocket>;
}

/** A connection that the plugin lets in. */
export interface AdmittedSocket {
  /** The subprotocol to answer with. */
  readonly protocol: string | undefined;
  /** Lets the plugin serve it; closes it in the end. Never rejects. */
  serve(socket: Socket): Promise<void>;
}
