import type { LoginSession, NewAccount } from '@cliproxy/plugin-api';
import { fingerprint, maskedEmail } from './accounts.ts';
import type { CtonewService } from './config.ts';
import { openBrowserSession } from './credentials/browser-session.ts';
import { refreshTokenIn, renewedCliCredential } from './credentials/cli-tokens.ts';
import { clientCookie } from './credentials/client-cookie.ts';
import { badInput, claimsIfAny } from './credentials/jwt.ts';
import { textOf } from './json-object.ts';

/** What a login can be made with; exactly one of them. */
const INPUTS = ['token', 'cookie', 'credentials'] as const;

/**
 * Makes an account of what a person has copied from a browser or from cto.new's command line, and
 * proves it by getting a token with it.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST` with what is wrong with the input, `AUTH_NEEDS_LOGIN`
 *   where cto.new refuses it, else `UPSTREAM_*`.
 */
export async function logIn(service: CtonewService, session: LoginSession): Promise<NewAccount> {
  const given = INPUTS.filter((name) => session.input[name] !== undefined);
  const [name] = given;
  if (name === undefined || given.length > 1) {
    throw badInput(
      `give one of ${INPUTS.join(', ')}: the value of the cookie __client, the cookie header of ` +
        'clerk.cto.new, or the content of ~/.cto/credentials',
    );
  }
  const text = session.input[name]?.reveal() ?? '';
  session.progress('asking cto.new for a token');
  return name === 'credentials'
    ? byCommandLine(service, text, session)
    : byBrowser(service, clientCookie(text, name), session);
}

async function byBrowser(
  service: CtonewService,
  cookie: string,
  session: LoginSession,
): Promise<NewAccount> {
  const { credential, userId, email } = await openBrowserSession(service, cookie, session);
  return {
    key: `user-${fingerprint(userId)}`,
    authenticator: 'ctonew',
    label: email === undefined ? `user ***${userId.slice(-4)}` : maskedEmail(email),
    credential: { ...credential, facts: { login: 'browser' } },
  };
}

/** Renews at once, so that the gateway and the command line don't use up each other's tokens later. */
async function byCommandLine(
  service: CtonewService,
  content: string,
  session: LoginSession,
): Promise<NewAccount> {
  if (service.mode === 'web') {
    throw badInput(
      'mode web needs the browser: give token or cookie; credentials of the command line serve mode cli',
    );
  }
  const refreshToken = refreshTokenIn(content);
  const given = { secrets: { refreshToken } };
  const credential = await renewedCliCredential(service, given, refreshToken, session);
  const user = textOf(claimsIfAny(credential.session?.['token']?.reveal() ?? '')?.['sub']);
  return {
    key: `cli-${fingerprint(user ?? refreshToken.reveal())}`,
    authenticator: 'ctonew',
    label: user === undefined ? 'command line' : `command line ***${user.slice(-4)}`,
    credential: { ...credential, facts: { login: 'command line' } },
  };
}
