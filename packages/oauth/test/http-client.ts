import http from 'node:http';
import { GatewayError } from '@cliproxy/plugin-api';
import type { HttpClient } from '@cliproxy/plugin-api';

/** The gateway's way out, with the errors that its contract names. */
export const httpClient: HttpClient = {
  request: ({ method, url, headers, body }, signal) =>
    new Promise((resolve, reject) => {
      let isConnected = false;
      const request = http.request(url, {
        method,
        headers: { ...headers } as http.OutgoingHttpHeaders,
        agent: false,
        signal,
      });
      request.on('socket', (socket) => socket.once('connect', () => (isConnected = true)));
      request.on('error', (error) => {
        if (signal.aborted) reject(error);
        else {
          const scope = isConnected ? 'account' : 'instance';
          reject(
            new GatewayError('UPSTREAM_UNREACHABLE', `${new URL(url).origin}: ${error.message}`, {
              failure: { kind: 'network', scope },
              cause: error,
            }),
          );
        }
      });
      request.on('response', (reply) => {
        const status = reply.statusCode ?? 0;
        resolve({ status, headers: reply.headers as Record<string, string>, body: reply });
      });
      request.end(body);
    }),
};
