import { secret } from '@cliproxy/plugin-api';
import type { Secret } from '@cliproxy/plugin-api';
import type { StoredAccount } from '@cliproxy/kernel';

/** What an account's file holds, besides what stands in its head. */
type AccountRecord = Omit<StoredAccount, 'id' | 'generation'>;

/** Writes an account for sealing: the one place where its secrets are plain text. */
export function encodeAccount(account: Omit<StoredAccount, 'generation'>): Buffer {
  const { authenticator, label, credential, renewingSinceMs } = account;
  const { secrets, facts, expiresAtMs } = credential;
  const plain = Object.entries(secrets).map(([name, value]) => [name, value.reveal()]);
  return Buffer.from(
    JSON.stringify({
      authenticator,
      label,
      credential: { secrets: Object.fromEntries(plain) as object, facts, expiresAtMs },
      renewingSinceMs,
    }),
  );
}

/** Reads what {@link encodeAccount} wrote; `undefined` for anything else. Never throws. */
export function decodeAccount(content: Buffer): AccountRecord | undefined {
  const value = parsed(content);
  const credential = objectOf(value?.credential);
  const secrets = wrapped(credential?.secrets);
  if (value === undefined || credential === undefined || secrets === undefined) return undefined;
  const { authenticator, label, renewingSinceMs } = value;
  const { expiresAtMs } = credential;
  const facts = credential.facts === undefined ? undefined : texts(credential.facts);
  if (typeof authenticator !== 'string' || typeof label !== 'string') return undefined;
  return {
    authenticator,
    label,
    credential: {
      secrets,
      ...(facts === undefined ? {} : { facts }),
      ...(typeof expiresAtMs === 'number' ? { expiresAtMs } : {}),
    },
    ...(typeof renewingSinceMs === 'number' ? { renewingSinceMs } : {}),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function parsed(content: Buffer): Fields | undefined {
  try {
    return objectOf(JSON.parse(content.toString('utf8')));
  } catch {
    return undefined;
  }
}

function objectOf(value: unknown): Fields | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Fields) : undefined;
}

function texts(value: unknown): Readonly<Record<string, string>> | undefined {
  const object = objectOf(value);
  if (object === undefined) return undefined;
  const isText = Object.values(object).every((one) => typeof one === 'string');
  return isText ? (object as Readonly<Record<string, string>>) : undefined;
}

function wrapped(value: unknown): Readonly<Record<string, Secret>> | undefined {
  const plain = texts(value);
  if (plain === undefined) return undefined;
  return Object.fromEntries(Object.entries(plain).map(([name, text]) => [name, secret(text)]));
}
