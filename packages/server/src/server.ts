import type { GatewayServer, ServerOptions } from './server-options.ts';

/** Makes the HTTP edge; it listens once told to. */
export function createServer(options: ServerOptions): GatewayServer {
  throw new Error(`not built yet for ${options.version}`);
}
