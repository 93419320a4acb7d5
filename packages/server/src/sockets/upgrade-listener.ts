import { ServerResponse } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket as TcpSocket } from 'node:net';
import type { AdmittedSocket, SocketPlace } from '@cliproxy/kernel';
import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';
import { WebSocketServer } from 'ws';
import { newExchange } from '../edge/exchange.ts';
import type { Exchange } from '../edge/exchange.ts';
import { checkHostOrigin } from '../edge/host-origin.ts';
import type { ServerContext } from '../edge/server-context.ts';
import { sendError } from '../errors/error-answer.ts';
import type { OpenSockets } from './open-sockets.ts';
import { PeerSocket } from './web-socket.ts';
import { takeAsRequest } from './without-upgrade.ts';

/** What Node's server is told to call for `upgrade`. */
export type UpgradeListener = (req: IncomingMessage, tcp: Duplex, head: Buffer) => void;

/**
 * Leads a connection through the same gate as a request: `Host`, `Origin` by the endpoint's own list,
 * limits, and then the plugin's leave. Only who passes all is answered with 101; others get the HTTP
 * answer that a request would get.
 */
export function createUpgradeListener(
  context: ServerContext,
  open: OpenSockets,
  nextRequestId: (given: string | string[] | undefined) => string,
  server: () => Server,
): UpgradeListener {
  return (req, tcp, head) => {
    // Others offer to speak HTTP/2 and the like, and go on without.
    if (req.headers.upgrade?.toLowerCase() !== 'websocket') {
      takeAsRequest(req, tcp, head, server());
      return;
    }
    tcp.on('error', () => tcp.destroy());
    const exchange = exchangeOf(req, tcp, nextRequestId);
    void connect(exchange, tcp, head, context, open).catch((error: unknown) => {
      if (tcp.destroyed) return;
      sendError(exchange, error, context);
    });
  };
}

async function connect(
  exchange: Exchange,
  tcp: Duplex,
  head: Buffer,
  context: ServerContext,
  open: OpenSockets,
): Promise<void> {
  const place = gate(exchange, context, open);
  const release = open.reserve();
  try {
    const admitted = await admit(exchange, place, context);
    // While the plugin decided, the peer may have left, or the gateway begun to stop.
    if (tcp.destroyed) return;
    if (context.draining) throw stopping();
    upgrade(exchange, tcp, head, { place, admitted }, context, open);
  } finally {
    release();
  }
}

function gate(exchange: Exchange, context: ServerContext, open: OpenSockets): SocketPlace {
  const { req, path } = exchange;
  const place = context.kernel.sockets.at(path);
  checkHostOrigin(req, context.policy.hosts, place?.origins);
  if (exchange.method !== 'GET' || place === undefined) {
    const shown = JSON.stringify(path.slice(0, 200));
    throw new GatewayError('CLIENT_NOT_FOUND', `there is no WebSocket path ${shown}`);
  }
  if (context.draining) throw stopping();
  if (open.count >= context.policy.maxSockets) {
    throw new GatewayError(
      'CLIENT_TOO_MANY_SOCKETS',
      `${open.count} WebSocket connections are open; close some, or raise server.maxSockets`,
    );
  }
  return place;
}

async function admit(
  { req }: Exchange,
  place: SocketPlace,
  context: ServerContext,
): Promise<AdmittedSocket> {
  const headers = Object.fromEntries(
    Object.entries(req.headers).filter((entry): entry is [string, string | string[]] => {
      return entry[1] !== undefined;
    }),
  );
  const protocols = (req.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  try {
    return await place.admit({ url: req.url ?? '/', headers, protocols });
  } catch (error) {
    if (!isWrongKey(error)) throw error;
    const resetAtMs = context.tries.wrongKey(req.socket.remoteAddress);
    if (resetAtMs === undefined) throw error;
    throw new GatewayError(
      'CLIENT_TOO_MANY_TRIES',
      'too many connections with wrong credentials came from this address; wait, then use a right one',
      { failure: { kind: 'rate-limit', scope: 'request', resetAtMs } },
    );
  }
}

function upgrade(
  exchange: Exchange,
  tcp: Duplex,
  head: Buffer,
  { place, admitted }: { readonly place: SocketPlace; readonly admitted: AdmittedSocket },
  context: ServerContext,
  open: OpenSockets,
): void {
  const { protocol } = admitted;
  const told = { requestId: exchange.requestId, path: exchange.path, instance: place.instanceId };
  exchange.res.detachSocket(exchange.req.socket);
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: place.maxMessageBytes,
    handleProtocols: () => protocol ?? false,
  });
  server.handleUpgrade(exchange.req, tcp, head, (ws) => {
    const socket = new PeerSocket(ws, tcp, context.policy.socketPingMs);
    open.add(ws, socket);
    context.logger.debug('connection opened', told);
    ws.once('close', (code: number) => {
      context.logger.debug('connection closed', { ...told, closeCode: code });
    });
    void admitted.serve(socket);
  });
}

/** An answer on the bare connection, in the same form as that to a request. */
function exchangeOf(
  req: IncomingMessage,
  tcp: Duplex,
  nextRequestId: (given: string | string[] | undefined) => string,
): Exchange {
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(tcp as TcpSocket);
  res.once('finish', () => tcp.end());
  return newExchange(req, res, nextRequestId(req.headers['x-request-id']));
}

function isWrongKey(error: unknown): boolean {
  return isGatewayError(error) && error.code === 'CLIENT_UNAUTHORIZED';
}

function stopping(): GatewayError {
  return new GatewayError('KERNEL_STOPPING', 'the gateway is shutting down; try again in a moment');
}
