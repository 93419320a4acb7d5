import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type * as oidc from 'oidc-provider';
import type { Provider } from 'oidc-provider';

/**
 * A strict authorization server on loopback. Whoever comes is logged in as alice, and consents;
 * with `pages`, people log in and agree on its pages.
 */
export interface OAuthServer {
  readonly issuer: string;
  /** What it has seen so far. */
  readonly seen: { refreshed: number; revoked: number; readonly refusals: string[] };
  /** Whether a token may still be used. */
  isActive(token: string): Promise<boolean>;
  /** Whom a token stands for; undefined: for nobody any more. */
  whoHas(token: string): Promise<string | undefined>;
  /** Ends the newest login of a person, as its account page would. */
  endLogin(person: string): Promise<void>;
  /** Breaks what is open and frees the port. */
  close(): Promise<void>;
}

const CLIENT_ID = 'cliproxy';
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

/** How a vendor's differs. */
export interface OAuthServerOptions {
  /** How long a code can be used, in seconds. Default 60. */
  readonly codeLifeS?: number;
  /** Of the one client, which is public. Default `cliproxy`. */
  readonly clientId?: string;
  /** Default: `/callback` at any port of 127.0.0.1. */
  readonly redirectUris?: readonly string[];
  /** Besides the standard's. */
  readonly scopes?: readonly string[];
  /** What tokens are for; then every request must name it. */
  /** True: its own pages, for people with a browser. */
  readonly pages?: boolean;
  /** Is told in the callback, as the client id that was issued. */
  readonly tellsClientId?: boolean;
  readonly resource?: { readonly uri: string; readonly scopes: string };
}

/**
 * Starts it on a free port of 127.0.0.1: codes with PKCE, device codes, rotating refresh tokens,
 * revocation, introspection.
 *
 * @throws Error that says what to install where `oidc-provider` is not.
 */
export async function startOAuthServer(options: OAuthServerOptions = {}): Promise<OAuthServer> {
  const server = http.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = await makeProvider(issuer, options);
  const clientId = options.clientId ?? CLIENT_ID;
  const seen = { refreshed: 0, revoked: 0, refusals: [] as string[] };
  /** The newest refresh token of each person. */
  const newest = new Map<string, string>();
  provider.on('grant.success', ({ oidc }) => {
    if (oidc.params?.grant_type === 'refresh_token') seen.refreshed += 1;
  });
  provider.on('grant.error', (_context, error) => {
    seen.refusals.push(error?.error_detail ?? error?.message ?? '');
  });
  provider.on('refresh_token.saved', ({ accountId, jti }) => {
    newest.set(accountId ?? '', jti ?? '');
  });
  provider.on('grant.revoked', () => (seen.revoked += 1));
  server.on('request', provider.callback());
  const ask = (what: string, token: string) =>
    // eslint-disable-next-line no-restricted-globals -- a test's question, not upstream traffic
    fetch(`${issuer}/token/${what}`, {
      method: 'POST',
      body: new URLSearchParams({ token, client_id: clientId }),
    });
  const whoHas = async (token: string): Promise<string | undefined> => {
    const { sub, active } = (await (await ask('introspection', token)).json()) as {
      readonly active: boolean;
      readonly sub?: string;
    };
    return active ? (sub ?? '') : undefined;
  };
  return {
    issuer,
    seen,
    isActive: async (token) => (await whoHas(token)) !== undefined,
    whoHas,
    endLogin: async (person) => {
      await ask('revocation', newest.get(person) ?? '');
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Only where it is wanted: most plugins have no use for it, and it brings forty packages along. */
async function loadProvider(): Promise<typeof oidc> {
  try {
    return await import('oidc-provider');
  } catch (cause) {
    throw new Error(
      'startOAuthServer needs oidc-provider: npm install --save-dev oidc-provider@9',
      {
        cause,
      },
    );
  }
}

async function makeProvider(
  issuer: string,
  {
    codeLifeS = 60,
    clientId = CLIENT_ID,
    redirectUris = ['http://127.0.0.1/callback'],
    scopes = [],
    pages = false,
    tellsClientId = false,
    resource,
  }: OAuthServerOptions,
): Promise<Provider> {
  const { Provider, errors } = await loadProvider();
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        token_endpoint_auth_method: 'none',
        // Any port of loopback.
        application_type: 'native',
        redirect_uris: redirectUris,
        response_types: ['code'],
        grant_types: ['authorization_code', 'refresh_token', DEVICE],
      },
    ],
    scopes: ['openid', 'offline_access', ...scopes],
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    claims: { openid: ['sub'], email: ['email'] },
    conformIdTokenClaims: false,
    features: {
      devInteractions: { enabled: pages },
      revocation: { enabled: true },
      introspection: { enabled: true },
      resourceIndicators: {
        enabled: resource !== undefined,
        getResourceServerInfo: async (_context: unknown, uri: string) => {
          if (uri !== resource?.uri) throw new errors.InvalidTarget();
          return { scope: resource.scopes, accessTokenFormat: 'opaque' };
        },
        useGrantedResource: async () => false,
      },
      deviceFlow: {
        enabled: true,
        ...(pages ? {} : { userCodeConfirmSource, userCodeInputSource, successSource }),
      },
    },
    ttl: {
      AccessToken: 300,
      RefreshToken: 3600,
      AuthorizationCode: codeLifeS,
      DeviceCode: 600,
      IdToken: 60,
      Grant: 3600,
      Interaction: 600,
      Session: 3600,
    },
    findAccount: async (_context: unknown, id: string) => ({
      accountId: id,
      claims: async () => ({ sub: id, email: `${id}.liddell@example.com` }),
    }),
    ...(pages
      ? {}
      : {
          interactions: {
            url: (_context: unknown, { uid }: { readonly uid: string }) => `/interaction/${uid}`,
          },
        }),
    cookies: { keys: ['of the tests'] },
  });
  if (tellsClientId) {
    provider.use(async (context, next) => {
      await next();
      const location = context.response.get('location');
      if (!/[?&](code|error)=/.test(location)) return;
      const back = new URL(location);
      back.searchParams.set('client_id', clientId);
      context.response.set('location', back.href);
    });
  }
  if (pages) return provider;
  provider.use(async (context, next) => {
    if (!context.path.startsWith('/interaction/')) return next();
    const { req, res } = context;
    const asked = await provider.interactionDetails(req, res);
    const { name, details } = asked.prompt;
    let result: object;
    if (name === 'login') {
      result = { login: { accountId: 'alice' } };
    } else {
      const grant =
        asked.grantId === undefined
          ? new provider.Grant({
              accountId: asked.session?.accountId ?? '',
              clientId: asked.params.client_id,
            })
          : await provider.Grant.find(asked.grantId);
      const { missingOIDCScope, missingResourceScopes } = details;
      if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '));
      for (const [uri, names] of Object.entries(missingResourceScopes ?? {})) {
        grant.addResourceScope(uri, names.join(' '));
      }
      result = { consent: { grantId: await grant.save() } };
    }
    await provider.interactionFinished(req, res, result, { mergeWithLastSubmission: true });
    context.respond = false;
  });
  return provider;
}

interface Page {
  body?: string;
}

/** The form as it is: the tests fill it in. */
async function userCodeInputSource(page: Page, form: string): Promise<void> {
  page.body = form;
}
const userCodeConfirmSource = userCodeInputSource;

async function successSource(page: Page): Promise<void> {
  page.body = 'done';
}
