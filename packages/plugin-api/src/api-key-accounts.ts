import { createHash } from 'node:crypto';
import type { NewAccount } from './account.ts';
import { secret } from './secret.ts';

/**
 * One account per API key. Its credential holds the key as `secrets.apiKey`.
 *
 * The account's key is the start of the key's SHA-256 sum: stable across restarts, and of no use to
 * find the key. Its label shows no more than the last four characters. A repeated key counts once.
 *
 * @param apiKeys - the keys, as configured; empty ones are left out.
 * @param authenticator - id of the plugin's authenticator that authorizes with them.
 */
export function apiKeyAccounts(
  apiKeys: readonly string[],
  authenticator: string,
): readonly NewAccount[] {
  const accounts = new Map<string, NewAccount>();
  for (const apiKey of apiKeys) {
    if (apiKey === '') continue;
    const key = `key-${createHash('sha256').update(apiKey).digest('hex').slice(0, 12)}`;
    const tail = apiKey.length >= 16 ? apiKey.slice(-4) : '';
    accounts.set(key, {
      key,
      authenticator,
      label: `***${tail}`,
      credential: { secrets: { apiKey: secret(apiKey) } },
    });
  }
  return [...accounts.values()];
}
