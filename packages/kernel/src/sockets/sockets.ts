import type { Socket, SocketHead } from '@cliproxy/plugin-api';

/** The WebSocket paths that plugins serve, as the edge sees them. */
export interface Sockets {
  /** What serves a path now. */
  at(path: string): SocketPlace | undefined;
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
