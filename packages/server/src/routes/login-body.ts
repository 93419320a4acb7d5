import { GatewayError, secret } from '@cliproxy/plugin-api';
import type { Secret } from '@cliproxy/plugin-api';

/** What an operator sends to log in. */
export interface LoginBody {
  readonly authenticator?: string;
  /** Id of the account that logs in again. */
  readonly account?: string;
  readonly callbackUrl?: string;
  /** Id of the login that a paste is for. */
  readonly login?: string;
  readonly paste?: Secret;
  /** What goes to the plugin. */
  readonly input: Readonly<Record<string, Secret>>;
}

/**
 * Takes a login's body apart. Whatever may be a secret is wrapped here, before anything else sees
 * it.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST` that names the member and not its value.
 */
export function readLoginBody(body: Readonly<Record<string, unknown>>): LoginBody {
  const { authenticator, account, callbackUrl, login, paste, ...rest } = body;
  const input: Record<string, Secret> = {};
  for (const [name, value] of Object.entries(rest)) {
    if (!/^\w{1,64}$/.test(name) || name === '__proto__') {
      throw bad('a member of the body has a name that no plugin reads');
    }
    // A file of credentials is often JSON itself.
    const isObject = typeof value === 'object' && value !== null;
    input[name] = secret(isObject ? JSON.stringify(value) : text(name, value));
  }
  return {
    ...(authenticator === undefined ? {} : { authenticator: text('authenticator', authenticator) }),
    ...(account === undefined ? {} : { account: text('account', account) }),
    ...(callbackUrl === undefined ? {} : { callbackUrl: callbackAddress(callbackUrl) }),
    ...(login === undefined ? {} : { login: text('login', login) }),
    ...(paste === undefined ? {} : { paste: secret(text('paste', paste)) }),
    input,
  };
}

function text(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw bad(`\`${name}\` must be a text that is not empty`);
}

/** A wrong address would send a code to somebody else. */
function callbackAddress(value: unknown): string {
  const address = text('callbackUrl', value);
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && CALLBACK.test(url.pathname)) {
    return address;
  }
  throw bad(
    "`callbackUrl` must be this gateway's own address that ends in /v1/auth/{instance}/callback",
  );
}

const CALLBACK = /\/v1\/auth\/[\w./-]+\/callback$/;

function bad(message: string): GatewayError {
  return new GatewayError('CLIENT_BAD_REQUEST', `${message}.`);
}
