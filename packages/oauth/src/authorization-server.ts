import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';
import * as oauth from 'oauth4webapi';
import type { Door } from './oauth-door.ts';
import { throughDoor } from './oauth-door.ts';
import type { OAuthEndpoints, OAuthOptions } from './oauth-options.ts';
import { safeAddress } from './safe-address.ts';

/** Finds the vendor's authorization server, once. */
export class ServerLookup {
  readonly #options: OAuthOptions;
  #found: oauth.AuthorizationServer | undefined;

  constructor(options: OAuthOptions) {
    this.#options = options;
    const { issuer, endpoints } = options.server;
    if (endpoints !== undefined) this.#found = written(issuer, endpoints);
  }

  /** @throws GatewayError `UPSTREAM_*` when its discovery document can't be had. */
  async find(door: Door): Promise<oauth.AuthorizationServer> {
    this.#found ??= await discover(this.#options, door);
    return this.#found;
  }
}

function written(issuer: string, endpoints: OAuthEndpoints): oauth.AuthorizationServer {
  const { token, authorize, device, revoke, keys, sendsIss = false } = endpoints;
  return {
    issuer,
    token_endpoint: token,
    ...(authorize === undefined ? {} : { authorization_endpoint: authorize }),
    ...(device === undefined ? {} : { device_authorization_endpoint: device }),
    ...(revoke === undefined ? {} : { revocation_endpoint: revoke }),
    ...(keys === undefined ? {} : { jwks_uri: keys }),
    authorization_response_iss_parameter_supported: sendsIss,
  };
}

async function discover(options: OAuthOptions, door: Door): Promise<oauth.AuthorizationServer> {
  const { issuer, discovery = 'oidc' } = options.server;
  const url = new URL(issuer);
  let status = 0;
  try {
    const reply = await oauth.discoveryRequest(url, {
      ...throughDoor(door, options),
      algorithm: discovery,
    });
    status = reply.status;
    const found = await oauth.processDiscoveryResponse(url, reply);
    safeAddress("the vendor's token address", found.token_endpoint, options.insecureLoopback);
    return found;
  } catch (error) {
    if (isGatewayError(error) || status === 0) throw error;
    const what = status === 200 ? 'is none, or that of another issuer' : `came with ${status}`;
    throw new GatewayError(
      status === 200 ? 'UPSTREAM_BAD_ANSWER' : 'UPSTREAM_FAILED',
      `the discovery document of ${issuer} ${what}; check the issuer`,
    );
  }
}
