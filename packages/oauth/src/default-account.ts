import { createHash } from 'node:crypto';
import { loginFailed } from './oauth-faults.ts';
import type { OAuthAccount, OAuthGrant } from './oauth-options.ts';

const KEY = /^[\w.-]{1,64}$/;
const KEY_CHARS = 32;

/** An account as its id token tells it. */
export function defaultAccount({ claims }: OAuthGrant): OAuthAccount {
  const { sub, email } = claims ?? {};
  if (typeof sub !== 'string') {
    throw loginFailed('the vendor does not say whose login it is; the plugin must find it out');
  }
  const key = KEY.test(sub)
    ? sub
    : createHash('sha256').update(sub).digest('hex').slice(0, KEY_CHARS);
  return { key, label: typeof email === 'string' ? maskedEmail(email) : key };
}

/** `jane.doe@example.com` as `j***@example.com`. */
export function maskedEmail(email: string): string {
  const at = email.lastIndexOf('@');
  return at < 1 ? '***' : `${email.slice(0, 1)}***${email.slice(at)}`;
}
