import { GatewayError } from '@cliproxy/plugin-api';
import type { Authenticator, LoginSession } from '@cliproxy/plugin-api';
import { accessTokenOf, oauthLogin } from '@cliproxy/oauth';
import type { SignInConfig } from './sign-in-config.ts';

/** A client's name until the vendor has issued one; it is never kept. */
const DYNAMIC_CLIENT = 'dynamic_agent_client';
/** Without it, an account is signed in, but its plan can't be used. */
const PLAN_SCOPE = 'chatgpt.tokens.use.direct';

/**
 * Signs ChatGPT accounts in for the use of their plans, as OpenAI offers it to open-source programs
 * on a person's own machine.
 *
 * @see https://developers.openai.com/siwc/token-sharing-open-source
 */
export function chatGptAuthenticator(config: SignInConfig): Authenticator {
  const { issuer, authorizeUrl, tokenUrl, deviceUrl, revokeUrl, keysUrl } = config;
  const { clientId: knownId = DYNAMIC_CLIENT, resource, callbackPort } = config;
  const urls = [issuer, authorizeUrl, tokenUrl, deviceUrl, revokeUrl, keysUrl];
  const { login, ...others } = oauthLogin({
    server: {
      issuer,
      endpoints: {
        authorize: authorizeUrl,
        token: tokenUrl,
        ...(deviceUrl === undefined ? {} : { device: deviceUrl }),
        revoke: revokeUrl,
        keys: keysUrl,
      },
    },
    clientId: knownId,
    issuesClientId: true,
    scopes: ['openid', 'profile', 'email', 'offline_access', 'resource.invoke', PLAN_SCOPE],
    flows: deviceUrl === undefined ? ['redirect'] : ['redirect', 'device'],
    redirect: {
      path: '/auth/callback',
      host: '127.0.0.1',
      ...(callbackPort === undefined ? {} : { port: callbackPort }),
    },
    authorizeParameters: ({ previous }) => ({
      resource,
      ext_agent_host_id: `urn:uuid:${config.installationId}`,
      // The vendor knows an issued client by its name.
      ...((previous?.facts.clientId ?? knownId) === DYNAMIC_CLIENT
        ? { agent_name_hint: config.appName }
        : { prompt: 'consent' }),
    }),
    tokenParameters: { resource },
    // The schema lets plain http lead to this machine alone.
    insecureLoopback: urls.some((url) => url?.startsWith('http:')),
  });
  return {
    id: 'chatgpt',
    method: 'oauth',
    async authorize(request, credential) {
      const authorization = `Bearer ${accessTokenOf(credential).reveal()}`;
      return { ...request, headers: { ...request.headers, authorization } };
    },
    ...others,
    async login(session) {
      const hasId = (session.previous?.facts.clientId ?? knownId) !== DYNAMIC_CLIENT;
      const byDevice = deviceUrl !== undefined && session.input.flow?.reveal() === 'device';
      if (!hasId && byDevice) {
        throw loginFailed(
          'a device code needs a client id that the vendor has issued: set signIn.clientId, or name an account that has signed in by the browser',
        );
      }
      const account = await login(hasId ? session : withIssuedId(session));
      const { scopes = '' } = account.credential?.facts ?? {};
      if (!scopes.split(' ').includes(PLAN_SCOPE)) {
        throw loginFailed(`the use of the plan (${PLAN_SCOPE}) was not agreed to; start it again`);
      }
      return account;
    },
  };
}

/** Takes no code without the id of the client it was issued to: the vendor would refuse that one. */
function withIssuedId(session: LoginSession): LoginSession {
  return {
    ...session,
    async callback() {
      const query = await session.callback();
      if (query.code === undefined || query.client_id !== undefined) return query;
      throw loginFailed(
        'the vendor has issued no client id; start it again, and paste the whole address, not a code',
      );
    },
  };
}

function loginFailed(reason: string): GatewayError {
  return new GatewayError('AUTH_LOGIN_FAILED', `the login failed: ${reason}`);
}
