import type { Server, ServerOptions } from 'node:http';
import type { ServerSettings } from '../server-options.ts';

/** Options that Node takes only when a server is made. */
export function nodeServerOptions(settings: ServerSettings): ServerOptions {
  return {
    noDelay: true,
    // Finds peers that vanished without a word.
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    // How often slow heads and bodies are looked for; Node's own 30 s would keep them for that long.
    connectionsCheckingInterval: 1000,
    // The gate answers these itself, with a body.
    requireHostHeader: false,
    maxHeaderSize: maxHeaderBytes(settings),
  };
}

/** Puts the limits into force; those of connections that are open already keep their head limit. */
export function applyLimits(server: Server, settings: ServerSettings): void {
  // Headers past a count would be dropped without a word; the head's size bounds them instead.
  server.maxHeadersCount = 0;
  server.requestTimeout = settings.requestTimeoutMs;
  server.headersTimeout =
    settings.requestTimeoutMs > 0
      ? Math.min(settings.headersTimeoutMs, settings.requestTimeoutMs)
      : settings.headersTimeoutMs;
  server.keepAliveTimeout = settings.keepAliveMs;
  // Read by Node for each new connection, though its types know it as an option alone.
  Object.assign(server, { maxHeaderSize: maxHeaderBytes(settings) });
}

function maxHeaderBytes(settings: ServerSettings): number {
  return Math.floor(settings.headerLimitKb * 1024);
}
