import { createHash } from 'node:crypto';
import { GatewayError } from '@cliproxy/plugin-api';
import type { Authenticator, HeaderMap, Json } from '@cliproxy/plugin-api';
import { accessTokenOf, maskedEmail, oauthLogin } from '@cliproxy/oauth';
import type { OAuthAccount, OAuthGrant, OAuthRedirect } from '@cliproxy/oauth';
import type { ClaudeLoginConfig } from './login-config.ts';

/** Names the accounts that were logged in. */
export const CLAUDE = 'claude';

/**
 * Logs in accounts of claude.ai, and puts their tokens on requests. It says who it is: nothing here
 * passes for a client of the vendor's, and what the vendor refuses stays refused.
 *
 * @see https://github.com/anthropics/anthropic-sdk-typescript (`lib/credentials`), for renewals and
 *   headers.
 */
export function claudeAuthenticator(config: ClaudeLoginConfig): Authenticator {
  const { authorizeUrl, tokenUrl, deviceUrl, revokeUrl, clientId, scopes, beta } = config;
  const addresses = [authorizeUrl, tokenUrl, deviceUrl, revokeUrl, config.pastePage];
  return {
    id: CLAUDE,
    method: 'oauth',
    async authorize(request, credential) {
      const headers = {
        ...request.headers,
        authorization: `Bearer ${accessTokenOf(credential).reveal()}`,
        'anthropic-beta': withBeta(request.headers, beta),
      };
      return { ...request, headers };
    },
    ...oauthLogin({
      server: {
        issuer: new URL(authorizeUrl).origin,
        endpoints: {
          authorize: authorizeUrl,
          token: tokenUrl,
          ...(deviceUrl === undefined ? {} : { device: deviceUrl }),
          ...(revokeUrl === undefined ? {} : { revoke: revokeUrl }),
        },
      },
      clientId,
      scopes,
      flows: deviceUrl === undefined ? ['redirect'] : ['redirect', 'device'],
      redirect: redirectOf(config),
      // Has the page show the code where it can't send it.
      authorizeParameters: { code: 'true' },
      tokenFormat: 'json',
      tokenHeaders: { 'anthropic-beta': beta },
      stateInTokenRequest: true,
      account: accountOf,
      // The schema lets plain http lead to this machine alone.
      insecureLoopback: addresses.some((address) => address?.startsWith('http:')),
    }),
  };
}

function redirectOf({ pastePage, callbackPath, callbackPort }: ClaudeLoginConfig): OAuthRedirect {
  if (pastePage !== undefined) return { uri: pastePage };
  return {
    path: callbackPath,
    host: 'localhost',
    ...(callbackPort === undefined ? {} : { port: callbackPort }),
  };
}

/** The client's betas stay. */
function withBeta(headers: HeaderMap, beta: string): string {
  const own = [headers['anthropic-beta'] ?? []].flat().flatMap((list) => list.split(','));
  const names = new Set(own.map((name) => name.trim()).filter((name) => name !== ''));
  return [...names.add(beta)].join(',');
}

/** A person may be in several organizations; a login is for one. */
function accountOf({ answer }: OAuthGrant): OAuthAccount {
  const { uuid, email_address: email } = fieldsOf(answer.account);
  if (typeof uuid !== 'string') {
    throw new GatewayError(
      'AUTH_LOGIN_FAILED',
      'the login failed: the vendor does not say whose it is; add user:profile to oauth.scopes',
    );
  }
  const { uuid: organization } = fieldsOf(answer.organization);
  const whose = typeof organization === 'string' ? `${uuid}/${organization}` : uuid;
  const key = `claude-${createHash('sha256').update(whose).digest('hex').slice(0, 12)}`;
  return { key, label: typeof email === 'string' ? maskedEmail(email) : key };
}

function fieldsOf(value: Json | undefined): Readonly<Record<string, Json | undefined>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, Json>>) : {};
}
