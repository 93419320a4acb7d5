import { GatewayError } from '@cliproxy/plugin-api';
import type { HttpClient, OutgoingRequest } from '@cliproxy/plugin-api';
import type { AllowedHosts } from './allowed-hosts.ts';

/**
 * The way out for requests without credentials: what `services.http` and an authenticator's context
 * give to a plugin.
 *
 * @param lane - the owner's connections.
 */
export function bareDoor(lane: HttpClient, hosts: AllowedHosts): HttpClient {
  return Object.freeze<HttpClient>({
    async request(request, signal) {
      checkShape(request, signal);
      hosts.check(request.url);
      return lane.request(request, signal);
    },
  });
}

/**
 * The way out for an account's requests: puts its credentials on each. The host is checked before,
 * so that credentials are never made for a foreign host, and after, because an authenticator may
 * change the address.
 */
export function accountDoor(
  lane: HttpClient,
  hosts: AllowedHosts,
  authorize: (request: OutgoingRequest, signal: AbortSignal) => Promise<OutgoingRequest>,
): HttpClient {
  return Object.freeze<HttpClient>({
    async request(request, signal) {
      checkShape(request, signal);
      hosts.check(request.url);
      const authorized = await authorize(request, signal);
      if (authorized.url !== request.url) hosts.check(authorized.url);
      return lane.request(authorized, signal);
    },
  });
}

/** Plugins may be plain JavaScript. @throws GatewayError `PLUGIN_FAULT` */
export function checkShape(request: unknown, signal: unknown): void {
  const { url, headers } = (request ?? {}) as {
    readonly url?: unknown;
    readonly headers?: unknown;
  };
  if (typeof url !== 'string' || typeof headers !== 'object' || headers === null) {
    throw new GatewayError('PLUGIN_FAULT', 'http.request needs a request with `url` and `headers`');
  }
  if (typeof signal !== 'object' || signal === null || !('throwIfAborted' in signal)) {
    throw new GatewayError('PLUGIN_FAULT', 'http.request needs an AbortSignal as second argument');
  }
}
