import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';
import type { AuthContext, Authenticator, Credential, OutgoingRequest } from '@cliproxy/plugin-api';
import type { CtonewService } from './config.ts';
import { closeBrowserSession, renewedBrowserSession } from './credentials/browser-session.ts';
import { claimsIfAny } from './credentials/jwt.ts';
import { renewedCliCredential } from './credentials/cli-tokens.ts';
import { textOf } from './json-object.ts';
import { logIn } from './login.ts';
import { ANSWER_STREAM } from './web/answer-stream-url.ts';

/** Tokens live a minute and are had in one round trip: they are used almost to their end. */
const AHEAD_MS = 10_000;

/**
 * Puts a token of cto.new on each request. There are two kinds of credentials: the cookie of a
 * browser that is signed in, which is exchanged for a token each minute, and the tokens of cto.new's
 * command line.
 */
export function ctonewAuthenticator(service: CtonewService): Authenticator {
  /** Why a credential could not be renewed: what stands in the way of its requests. */
  const faults = new WeakMap<Credential, GatewayError>();
  return {
    id: 'ctonew',
    method: 'token',
    refreshWhen: 'on-use',
    refreshAheadMs: AHEAD_MS,
    // A browser's cookie buys any number of tokens; the command line's refresh token is used once.
    refreshSpends: ({ secrets: { client } }) => client === undefined,
    login: (session) => logIn(service, session),
    async authorize(request, credential) {
      const token = credential.session?.['token'];
      const { expiresAtMs = Infinity } = credential;
      if (token === undefined || expiresAtMs <= service.clock.now()) {
        throw faults.get(credential) ?? noToken();
      }
      if (ANSWER_STREAM.test(request.url)) return withUser(request, credential, token.reveal());
      const authorization = `Bearer ${token.reveal()}`;
      return { ...request, headers: { ...request.headers, authorization } };
    },
    async refresh(credential, context) {
      try {
        return await renewed(service, credential, context);
      } catch (error) {
        if (isGatewayError(error)) faults.set(credential, error);
        throw error;
      }
    },
    async revoke({ secrets: { client } }, context) {
      // The command line's tokens can't be ended from here.
      if (client !== undefined) await closeBrowserSession(service, client, context);
    },
  };
}

async function renewed(
  service: CtonewService,
  credential: Credential,
  context: AuthContext,
): Promise<Credential> {
  const { client, refreshToken } = credential.secrets;
  if (client !== undefined) return renewedBrowserSession(service, credential, client, context);
  if (refreshToken === undefined) throw noToken();
  return renewedCliCredential(service, credential, refreshToken, context);
}

/** The stream of an answer is opened with the user's id in the address, not with a header. */
function withUser(request: OutgoingRequest, credential: Credential, jwt: string): OutgoingRequest {
  const known = credential.session?.['userId']?.reveal();
  const userId = known ?? textOf(claimsIfAny(jwt)?.['sub']);
  if (userId === undefined) throw noToken();
  return { ...request, url: `${request.url}?token=${encodeURIComponent(userId)}` };
}

function noToken(): GatewayError {
  return new GatewayError('AUTH_NEEDS_LOGIN', 'the account has no valid token: log in again', {
    failure: { kind: 'auth', scope: 'account' },
  });
}
