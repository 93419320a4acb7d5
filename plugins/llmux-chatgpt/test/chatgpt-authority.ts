import { startOAuthServer, startScriptedUpstream, startTokenProxy } from '@cliproxy/plugin-testkit';
import type { OAuthServer, TokenProxy, TokenRequest } from '@cliproxy/plugin-testkit';

/** What the vendor makes of the name that all clients begin with. */
export const ISSUED_ID = 'oaiapp_0123456789';
const RESOURCE = 'https://api.openai.com/v1';
export const INSTALLATION_ID = '0f9ad2c6-3a07-4d5b-9f4e-3d1f6c2b7a80';

/** Signs people in as the vendor does: strict on the standard, and with ways of its own. */
export interface ChatGptAuthority {
  readonly server: OAuthServer;
  readonly tokens: TokenProxy;
  /** The plugin's `signIn`. */
  readonly config: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

/** @param pages - true: people log in on its pages. */
export async function startChatGptAuthority(pages = false): Promise<ChatGptAuthority> {
  const server = await startOAuthServer({
    pages,
    tellsClientId: true,
    clientId: ISSUED_ID,
    redirectUris: ['http://127.0.0.1/auth/callback'],
    scopes: ['profile'],
    resource: { uri: RESOURCE, scopes: 'resource.invoke chatgpt.tokens.use.direct' },
  });
  const tokens = await startTokenProxy(`${server.issuer}/token`);
  tokens.ask((request) => (isAsDocumented(request) ? undefined : REFUSED));
  const front = await startScriptedUpstream();
  front.answer(({ url }) => {
    const { searchParams: query } = new URL(url, front.url);
    if (!isSignIn(query)) return { status: 400, body: 'invalid_request' };
    query.set('client_id', ISSUED_ID);
    for (const own of ['agent_name_hint', 'ext_agent_host_id']) query.delete(own);
    return { status: 303, headers: { location: `${server.issuer}/auth?${String(query)}` } };
  });
  return {
    server,
    tokens,
    config: {
      acceptSubscriptionRisk: true,
      installationId: INSTALLATION_ID,
      appName: 'cliproxy of the tests',
      issuer: server.issuer,
      authorizeUrl: `${front.url}/api/accounts/authorize`,
      tokenUrl: tokens.url,
      deviceUrl: `${server.issuer}/device/auth`,
      revokeUrl: `${server.issuer}/token/revocation`,
      keysUrl: `${server.issuer}/jwks`,
      resource: RESOURCE,
    },
    close: async () => {
      await front.close();
      await tokens.close();
      await server.close();
    },
  };
}

/** The first time without a client, later by the issued id and without a name. */
function isSignIn(query: URLSearchParams): boolean {
  const isFirst = query.get('client_id') === 'dynamic_agent_client';
  return (
    (isFirst || query.get('client_id') === ISSUED_ID) &&
    query.has('agent_name_hint') === isFirst &&
    query.get('ext_agent_host_id') === `urn:uuid:${INSTALLATION_ID}` &&
    query.get('resource') === RESOURCE &&
    query.get('scope') ===
      'openid profile email offline_access resource.invoke chatgpt.tokens.use.direct' &&
    query.get('code_challenge_method') === 'S256' &&
    query.has('nonce') &&
    /^http:\/\/127\.0\.0\.1:\d+\/auth\/callback$/.test(query.get('redirect_uri') ?? '')
  );
}

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  authorization_code: [
    'client_id',
    'code',
    'code_verifier',
    'grant_type',
    'redirect_uri',
    'resource',
  ],
  refresh_token: ['client_id', 'grant_type', 'refresh_token', 'resource'],
  'urn:ietf:params:oauth:grant-type:device_code': [
    'client_id',
    'device_code',
    'grant_type',
    'resource',
  ],
};

const REFUSED = {
  status: 401,
  headers: { 'content-type': 'application/json' },
  body: '{"error":"invalid_client"}',
};

/** A form with the documented fields and no others, by the issued client. */
function isAsDocumented({ headers, body }: TokenRequest): boolean {
  const fields = new URLSearchParams(body);
  const wanted = FIELDS[fields.get('grant_type') ?? ''];
  return (
    headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true &&
    fields.get('client_id') === ISSUED_ID &&
    JSON.stringify([...fields.keys()].sort()) === JSON.stringify(wanted)
  );
}
