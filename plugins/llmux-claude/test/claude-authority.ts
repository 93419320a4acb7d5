import { randomUUID } from 'node:crypto';
import { startOAuthServer, startTokenProxy } from '@cliproxy/plugin-testkit';
import type { OAuthServer, TokenProxy, TokenRequest } from '@cliproxy/plugin-testkit';

export const PASTE_PAGE = 'https://code.example.com/oauth/code/callback';
export const BETA = 'oauth-2025-04-20';

/** Logs people in as the vendor does: strict on the standard, and with ways of its own. */
export interface ClaudeAuthority {
  readonly server: OAuthServer;
  readonly tokens: TokenProxy;
  /** The plugin's `oauth`. */
  readonly config: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

/** @param pages - true: people log in on its pages. */
export async function startClaudeAuthority(pages = false): Promise<ClaudeAuthority> {
  const clientId = randomUUID();
  const server = await startOAuthServer({
    pages,
    clientId,
    redirectUris: ['http://localhost/callback', PASTE_PAGE],
    scopes: ['user:profile', 'user:inference'],
  });
  const tokens = await startTokenProxy(`${server.issuer}/token`);
  tokens.ask((request) => (isAsDocumented(request, clientId) ? undefined : REFUSED));
  tokens.answer(async (reply) => {
    const answer = JSON.parse(reply.body) as Readonly<Record<string, unknown>>;
    if (reply.status !== 200) return reply;
    const person = await server.whoHas(String(answer.access_token));
    const email = `${person}.liddell@example.com`;
    const body = {
      ...answer,
      account: { uuid: `of-${person}`, email_address: email },
      organization: { uuid: 'o-1', name: `${email}'s Organization` },
    };
    return { ...reply, body: JSON.stringify(body) };
  });
  return {
    server,
    tokens,
    config: {
      acceptSubscriptionRisk: true,
      clientId,
      authorizeUrl: `${server.issuer}/auth`,
      tokenUrl: tokens.url,
      deviceUrl: `${server.issuer}/device/auth`,
      revokeUrl: `${server.issuer}/token/revocation`,
    },
    close: async () => {
      await tokens.close();
      await server.close();
    },
  };
}

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  authorization_code: ['client_id', 'code', 'code_verifier', 'grant_type', 'redirect_uri', 'state'],
  refresh_token: ['client_id', 'grant_type', 'refresh_token'],
  'urn:ietf:params:oauth:grant-type:device_code': ['client_id', 'device_code', 'grant_type'],
};

const REFUSED = {
  status: 400,
  headers: { 'content-type': 'application/json' },
  body: '{"type":"error","error":{"type":"invalid_request_error","message":"Invalid request format"}}',
};

/** JSON with the documented fields and no others, and the beta. */
function isAsDocumented({ headers, body }: TokenRequest, clientId: string): boolean {
  if (headers['content-type'] !== 'application/json' || headers['anthropic-beta'] !== BETA) {
    return false;
  }
  const fields = JSON.parse(body) as Readonly<Record<string, unknown>>;
  const wanted = FIELDS[String(fields.grant_type)];
  const isShort = typeof fields.state === 'string' && fields.state.length < 43;
  return (
    fields.client_id === clientId &&
    !isShort &&
    JSON.stringify(Object.keys(fields).sort()) === JSON.stringify(wanted)
  );
}
