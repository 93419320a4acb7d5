import type { Server } from 'node:http';
import { GatewayError } from '@cliproxy/plugin-api';
import type { ListenAddress, ServerSettings } from '../server-options.ts';
import { isLoopback, isWildcard } from './host-origin.ts';

/**
 * Refuses what would open the gateway to others without a key.
 *
 * @throws GatewayError `CONFIG_UNSAFE`
 */
export function refuseUnsafe(settings: Pick<ServerSettings, 'host' | 'apiKeys'>): void {
  if (isLoopback(settings.host) || settings.apiKeys.some((key) => key !== '')) return;
  throw new GatewayError(
    'CONFIG_UNSAFE',
    `server.host ${settings.host} can be reached by others and server.apiKeys is empty; ` +
      'set server.apiKeys, or bind to 127.0.0.1',
  );
}

/**
 * Opens the port.
 *
 * @throws GatewayError `CONFIG_INVALID` naming the address and what to do.
 */
export function openPort(server: Server, host: string, port: number): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => {
      server.off('listening', onListening);
      reject(explainListenError(error, host, port));
    };
    const onListening = (): void => {
      server.off('error', onError);
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      resolve({ host, port: bound, url: urlOf(host, bound) });
    };
    server.once('error', onError);
    server.once('listening', onListening);
    server.listen({ host: host.replace(/^\[(.*)\]$/, '$1'), port });
  });
}

function explainListenError(error: Error, host: string, port: number): GatewayError {
  const code = 'code' in error ? String(error.code) : '';
  const why = new Map([
    [
      'EADDRINUSE',
      'is in use; stop the other program (or a gateway that runs already), or set server.port',
    ],
    ['EACCES', 'may not be opened by this user; set server.port to a number above 1023'],
    [
      'EADDRNOTAVAIL',
      'is no address of this machine; set server.host to 127.0.0.1 or one of its own',
    ],
    ['ENOTFOUND', 'names no known host; set server.host to 127.0.0.1 or another address'],
  ]).get(code);
  return new GatewayError(
    'CONFIG_INVALID',
    `cannot listen: ${host} port ${port} ${why ?? `failed: ${error.message}`}`,
    { cause: error },
  );
}

function urlOf(host: string, port: number): string {
  if (isWildcard(host)) return `http://127.0.0.1:${port}`;
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return bare.includes(':') ? `http://[${bare}]:${port}` : `http://${bare}:${port}`;
}
