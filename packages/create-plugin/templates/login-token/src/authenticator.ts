import { apiKeyAccounts, GatewayError } from '@cliproxy/plugin-api';
import type {
  Authenticator,
  HttpClient,
  LoginSession,
  NewAccount,
  OutgoingRequest,
  Secret,
} from '@cliproxy/plugin-api';
import { requestModels } from './models.js';

/** Named in package.json: cliproxyPlugin.provides.authenticators. */
export const TOKEN = 'token';

/**
 * Takes a token that a person pastes, and puts an account's token on each request. The executor never
 * sees one: whatever it sends by `call.http` passes here.
 *
 * @param root - the API's address, without a slash at its end.
 */
export function tokenAuthenticator(root: string): Authenticator {
  return {
    id: TOKEN,
    method: 'token',
    async authorize(request, credential) {
      const token = credential.secrets.apiKey;
      if (token === undefined) {
        throw new GatewayError('AUTH_NEEDS_LOGIN', 'the account has no token: log in again');
      }
      return withToken(request, token);
    },
    login: (session) => logIn(root, session),
    // Where the API can end a token, add `revoke`: a logout calls it. Where tokens end by themselves,
    // give the credential an `expiresAtMs`, and add `refresh`.
  };
}

/**
 * `cliproxy login «ID» --token-file FILE`, or POST /v1/auth/«ID»/login with `{"token": "…"}`.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST` where no token was given, `AUTH_LOGIN_FAILED` where the API
 *   does not take it.
 */
async function logIn(root: string, session: LoginSession): Promise<NewAccount> {
  const { token } = session.input;
  if (token === undefined || !/^[\x21-\x7e]+$/u.test(token.reveal().trim())) {
    throw new GatewayError('CLIENT_BAD_REQUEST', 'give "token": one line without spaces');
  }
  const text = token.reveal().trim();
  const [account] = apiKeyAccounts([text], TOKEN);
  const known = account?.credential?.secrets.apiKey;
  if (account === undefined || known === undefined) throw new Error('no account was made');
  session.progress('asking the API whether the token serves');
  // There is no account yet whose requests are authorized: the token is put on by hand, this once.
  const http: HttpClient = {
    request: (request, signal) => session.http.request(withToken(request, known), signal),
  };
  const { status, body } = await requestModels(root, { http, signal: session.signal });
  body.destroy();
  if (status === 200) return account;
  throw new GatewayError('AUTH_LOGIN_FAILED', `the API answered the token with ${status}`);
}

function withToken(request: OutgoingRequest, token: Secret): OutgoingRequest {
  const authorization = `Bearer ${token.reveal()}`;
  return { ...request, headers: { ...request.headers, authorization } };
}
