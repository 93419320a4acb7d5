import { secret } from '@cliproxy/plugin-api';
import type { AuthContext, Credential, Secret } from '@cliproxy/plugin-api';
import type { CtonewService } from '../config.ts';
import type { JsonObject } from '../json-object.ts';
import { parseObject, textOf } from '../json-object.ts';
import { askJson, badAnswer } from './ask-json.ts';
import { badInput } from './jwt.ts';

/** The vendor's tokens live about so long. */
const LIFETIME_MS = 900_000;

/**
 * The refresh token in the credentials file of cto.new's command line, `~/.cto/credentials`.
 *
 * @param content - JSON with `accessToken`, `refreshToken` and `expiresAt`.
 * @throws GatewayError `CLIENT_BAD_REQUEST` with what is wrong; never shows any of it.
 */
export function refreshTokenIn(content: string): Secret {
  const file = parseObject(content);
  if (file === undefined) {
    throw badInput('credentials is no JSON object: give all of the file ~/.cto/credentials');
  }
  const refreshToken = textOf(file['refreshToken']);
  if (refreshToken !== undefined) return secret(refreshToken);
  throw badInput('credentials has no refreshToken: sign in with the cto.new command line again');
}

/**
 * Renews the tokens. The vendor may replace the refresh token as well.
 *
 * @throws GatewayError `AUTH_NEEDS_LOGIN` where it has ended, else `UPSTREAM_*`.
 */
export async function renewedCliCredential(
  service: CtonewService,
  credential: Credential,
  refreshToken: Secret,
  context: Pick<AuthContext, 'http' | 'signal'>,
): Promise<Credential> {
  const sent = { grant_type: 'refresh_token', refresh_token: refreshToken.reveal() };
  const { body } = await askJson(
    {
      method: 'POST',
      url: `${service.api}/oauth/token`,
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: Buffer.from(JSON.stringify(sent)),
    },
    context,
    // By RFC 6749, a refresh token that is refused is a 400.
    {
      refused: [400, 401, 403],
      remedy: 'sign in with the cto.new command line and log in again',
      clock: service.clock,
    },
  );
  const token = tokenIn(body);
  const next = textOf(body['refresh_token']);
  const rotated = next !== undefined && next !== refreshToken.reveal();
  return {
    ...credential,
    secrets: rotated ? { refreshToken: secret(next) } : credential.secrets,
    session: { token: secret(token) },
    expiresAtMs: service.clock.now() + lifetimeMs(body),
  };
}

function tokenIn(body: JsonObject): string {
  const token = textOf(body['access_token']);
  if (token !== undefined) return token;
  throw badAnswer('POST /oauth/token', 'access_token');
}

function lifetimeMs({ expires_in: seconds }: JsonObject): number {
  return typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : LIFETIME_MS;
}
