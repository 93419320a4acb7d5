import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import {
  credentialPrefixes,
  readFrameV2,
  readPageMessageV2,
  SUBPROTOCOL_V2,
  writeFrameV2,
  writeV2,
} from '../../src/envelope/v2.ts';
import type { PageMessageV2, RouterMessageV2 } from '../../src/envelope/v2.ts';

/** A connected page of version 2, as its router sees it. */
export interface RouterPage {
  readonly credential: string;
  readonly hello: Extract<PageMessageV2, { type: 'hello' }>;
  readonly socket: WebSocket;
  /** What the page said after its hello, bodies as bytes of their call. */
  readonly said: (PageMessageV2 | { readonly type: 'bytes'; call: number; bytes: Buffer })[];
  readonly say: (message: RouterMessageV2) => void;
  readonly bytes: (call: number, bytes: Uint8Array) => void;
}

/** The router's end of version 2 by the documented envelope, for tests of the page alone. */
export interface PageRouter {
  readonly url: string;
  /** Every page that was ever welcomed, the last one last. */
  readonly pages: readonly RouterPage[];
  /** What connected with a credential that is not taken. */
  readonly refused: readonly string[];
  /** Makes a ticket that counts once. */
  ticket(): string;
  /** Takes a credential once. */
  accept(credential: string): void;
  close(): Promise<void>;
}

/** @param creditBytes - start credit of each answer. */
export async function startPageRouter(creditBytes = 64 * 1024): Promise<PageRouter> {
  const server = createServer();
  const pages: RouterPage[] = [];
  const refused: string[] = [];
  const credentials = new Set<string>();
  let made = 0;
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: () => SUBPROTOCOL_V2,
  });
  server.on('upgrade', (request, socket, head) => {
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(/,\s*/);
    const credential = offered.find((one) => one !== SUBPROTOCOL_V2) ?? '';
    if (!offered.includes(SUBPROTOCOL_V2) || !credentials.delete(credential)) {
      refused.push(credential);
      socket.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => welcome(webSocket, credential));
  });

  const welcome = (socket: WebSocket, credential: string): void => {
    const said: RouterPage['said'] = [];
    const say = (message: RouterMessageV2): void => socket.send(writeV2(message));
    const bytes = (call: number, data: Uint8Array): void => socket.send(writeFrameV2(call, data));
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) {
        const frame = readFrameV2(data);
        if (frame !== undefined) {
          said.push({ type: 'bytes', call: frame.call, bytes: Buffer.from(frame.bytes) });
        }
        return;
      }
      const message = readPageMessageV2(data.toString());
      if (message?.type !== 'hello') {
        if (message !== undefined) said.push(message);
        return;
      }
      pages.push({ credential, hello: message, socket, said, say, bytes });
      const resume = `resume-${(made += 1)}`;
      credentials.add(`${credentialPrefixes.resume}${resume}`);
      say({
        type: 'welcome',
        version: 2,
        resume,
        resumeExpiresAtMs: Date.now() + 3_600_000,
        creditBytes,
        pingMs: 5_000,
      });
    });
  };

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const pings = setInterval(() => {
    for (const { socket, say } of pages) {
      if (socket.readyState === socket.OPEN) say({ type: 'ping', at: Date.now() });
    }
  }, 5_000);
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/ws`,
    pages,
    refused,
    ticket: () => {
      const ticket = `ticket-${(made += 1)}`;
      credentials.add(`${credentialPrefixes.ticket}${ticket}`);
      return ticket;
    },
    accept: (credential) => void credentials.add(credential),
    close: async () => {
      clearInterval(pings);
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
