import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** A server on a free port of 127.0.0.1. */
export interface LoopbackServer {
  /** Without a slash at the end. */
  readonly url: string;
  /** Breaks what is open and frees the port. Closing twice is no error. */
  readonly close: () => Promise<void>;
}

/**
 * Starts a server; where `serve` fails, the connection is broken.
 *
 * @param upgrade - takes connections that ask for another protocol; whoever does so ends them.
 */
export async function startLoopbackServer(
  serve: (incoming: http.IncomingMessage, outgoing: http.ServerResponse) => Promise<void>,
  upgrade?: (incoming: http.IncomingMessage, socket: Duplex, head: Buffer) => void,
): Promise<LoopbackServer> {
  const server = http.createServer((incoming, outgoing) => {
    // Fails only where the other side left before its request was complete.
    serve(incoming, outgoing).catch(() => outgoing.destroy());
  });
  if (upgrade !== undefined) server.on('upgrade', upgrade);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let closed: Promise<unknown> | undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      if (closed === undefined) {
        closed = once(server, 'close');
        server.close();
        server.closeAllConnections();
      }
      await closed;
    },
  };
}
