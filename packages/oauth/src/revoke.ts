import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';
import type { AuthContext, Credential } from '@cliproxy/plugin-api';
import * as oauth from 'oauth4webapi';
import type { OAuthClient } from './oauth-client.ts';
import { throughDoor } from './oauth-door.ts';

/** Ends a login at the vendor; one that offers no way to is only told in the log. */
export async function revoke(
  client: OAuthClient,
  credential: Credential,
  context: AuthContext,
): Promise<void> {
  const server = await client.server(context);
  if (server.revocation_endpoint === undefined) {
    context.logger.info(`${server.issuer} offers no revocation: the login ends when it expires`);
    return;
  }
  const { refreshToken, accessToken } = credential.secrets;
  const token = refreshToken ?? accessToken;
  if (token === undefined) return;
  let status = 0;
  try {
    const reply = await oauth.revocationRequest(
      server,
      { client_id: client.idFor(credential.facts) },
      client.proof(),
      token.reveal(),
      {
        ...throughDoor(context, client.options),
        additionalParameters: {
          token_type_hint: refreshToken === undefined ? 'access_token' : 'refresh_token',
        },
      },
    );
    status = reply.status;
    await oauth.processRevocationResponse(reply);
  } catch (error) {
    if (isGatewayError(error) || status === 0) throw error;
    // Its own error repeats the answer.
    throw new GatewayError(
      'UPSTREAM_FAILED',
      `the vendor did not revoke the login (${status}); end it on the vendor's page`,
    );
  }
}
