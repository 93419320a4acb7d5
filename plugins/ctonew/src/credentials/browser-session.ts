import { GatewayError, isGatewayError, secret } from '@cliproxy/plugin-api';
import type { AuthContext, Credential, Secret } from '@cliproxy/plugin-api';
import type { CtonewService } from '../config.ts';
import { ClerkClient } from './clerk-client.ts';
import type { ClerkSession, SessionToken } from './clerk-client.ts';

/** What a browser's cookie has been exchanged for. */
export interface OpenedSession {
  readonly credential: Credential;
  readonly userId: string;
  readonly email: string | undefined;
}

/**
 * Exchanges the cookie `__client` for a token of its session.
 *
 * @throws GatewayError `AUTH_NEEDS_LOGIN` where the browser is signed out, else `UPSTREAM_*`.
 */
export async function openBrowserSession(
  service: CtonewService,
  cookie: string,
  context: Pick<AuthContext, 'http' | 'signal'>,
): Promise<OpenedSession> {
  const clerk = new ClerkClient(service, cookie, context);
  const session = await clerk.activeSession();
  const token = await clerk.sessionToken(session.id);
  const secrets = { client: secret(clerk.cookie) };
  return {
    credential: { secrets, ...shortLived(service, session, token) },
    userId: token.userId,
    email: session.email,
  };
}

/**
 * Gets the next token of the session. Where that one has ended, of the one that the browser uses now.
 *
 * @throws GatewayError `AUTH_NEEDS_LOGIN` where the browser is signed out, else `UPSTREAM_*`.
 */
export async function renewedBrowserSession(
  service: CtonewService,
  credential: Credential,
  client: Secret,
  context: AuthContext,
): Promise<Credential> {
  const clerk = new ClerkClient(service, client.reveal(), context);
  const known = credential.session?.['sessionId']?.reveal();
  const { id, token } = await nextToken(clerk, known).catch((error: unknown) => {
    throw nothingLost(error);
  });
  const rotated = clerk.cookie !== client.reveal();
  return {
    ...credential,
    // The same object, where there is nothing new to keep.
    secrets: rotated ? { client: secret(clerk.cookie) } : credential.secrets,
    ...shortLived(service, { id }, token),
  };
}

async function nextToken(
  clerk: ClerkClient,
  known: string | undefined,
): Promise<{ readonly id: string; readonly token: SessionToken }> {
  if (known !== undefined) {
    try {
      return { id: known, token: await clerk.sessionToken(known) };
    } catch (error) {
      if (!isGatewayError(error) || error.code !== 'AUTH_NEEDS_LOGIN') throw error;
    }
  }
  const { id } = await clerk.activeSession();
  return { id, token: await clerk.sessionToken(id) };
}

/**
 * Asking for a token uses nothing up, whatever became of it: a sign-in service that fails is as one
 * that can't be reached. Only its refusals and its limits say something about the account.
 */
function nothingLost(error: unknown): unknown {
  if (!isGatewayError(error)) return error;
  const kind = error.failure?.kind;
  if (error.code === 'AUTH_NEEDS_LOGIN' || kind === 'rate-limit' || kind === 'billing')
    return error;
  const message = `the sign-in service of cto.new gives no token: ${error.message}`;
  return new GatewayError('UPSTREAM_UNREACHABLE', message, {
    failure: { kind: 'network', scope: 'instance', message },
    cause: error,
  });
}

/** Signs the session out at the vendor. */
export async function closeBrowserSession(
  service: CtonewService,
  client: Secret,
  context: AuthContext,
): Promise<void> {
  const clerk = new ClerkClient(service, client.reveal(), context);
  await clerk.removeSession((await clerk.activeSession()).id);
}

/** The user's id is a secret, too: it opens the stream of an answer. */
function shortLived(
  { clock }: CtonewService,
  { id }: Pick<ClerkSession, 'id'>,
  { jwt, userId, lifetimeMs }: SessionToken,
): Pick<Credential, 'session' | 'expiresAtMs'> {
  return {
    session: { token: secret(jwt), userId: secret(userId), sessionId: secret(id) },
    expiresAtMs: clock.now() + lifetimeMs,
  };
}
