import { once } from 'node:events';
import { WebSocket } from 'ws';

/** How a {@link ClientSocket} is opened. */
export interface ClientSocketOptions {
  /** As a browser would say it, such as `https://app.example`. */
  readonly origin: string;
  /** Subprotocols to offer. */
  readonly protocols?: readonly string[];
  /** Called with each message, in their order. */
  readonly onMessage: (data: Buffer, isBinary: boolean) => void;
}

/** The client's end of a WebSocket connection, with headers that no browser lets a page set. */
export interface ClientSocket {
  send(data: string | Uint8Array): void;
  /** Resolves once the connection has ended, whoever ended it. */
  readonly closed: Promise<void>;
  /** Breaks it off. */
  end(): void;
}

/**
 * Connects to a WebSocket path, for example one that a plugin serves.
 *
 * @param url - `ws:` or `http:`.
 * @throws Error with the status, where the connection is refused.
 */
export async function openClientSocket(
  url: string,
  { origin, protocols = [], onMessage }: ClientSocketOptions,
): Promise<ClientSocket> {
  const socket = new WebSocket(url.replace(/^http/u, 'ws'), [...protocols], { origin });
  socket.on('message', onMessage);
  await once(socket, 'open');
  // What breaks it off is told by its end.
  socket.on('error', () => undefined);
  const closed = once(socket, 'close').then(() => undefined);
  return {
    send: (data) => socket.send(data),
    closed,
    end: () => socket.terminate(),
  };
}
