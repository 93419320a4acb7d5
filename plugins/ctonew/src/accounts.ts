import { createHash } from 'node:crypto';
import { secret } from '@cliproxy/plugin-api';
import type { NewAccount } from '@cliproxy/plugin-api';
import { clientCookie } from './credentials/client-cookie.ts';

/**
 * The accounts of the configuration. A repeated one counts once.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST` that names the entry which is no cookie `__client`.
 */
export function configuredAccounts(
  tokens: readonly string[],
  authenticator: string,
): readonly NewAccount[] {
  const accounts = new Map<string, NewAccount>();
  for (const [index, given] of tokens.entries()) {
    const cookie = clientCookie(given, `tokens[${index}]`);
    const key = `token-${fingerprint(cookie)}`;
    accounts.set(key, {
      key,
      authenticator,
      label: `***${cookie.slice(-4)}`,
      credential: { secrets: { client: secret(cookie) }, expiresAtMs: 0 },
    });
  }
  return [...accounts.values()];
}

/** Stable, and of no use to find what it was made from. */
export function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** An e-mail address that a person recognises and others can't use. */
export function maskedEmail(email: string): string {
  const at = email.lastIndexOf('@');
  return at < 1 ? '***' : `${email.slice(0, 1)}***${email.slice(at)}`;
}
