import { createHash } from 'node:crypto';
import { GatewayError } from '@cliproxy/plugin-api';

/** A key that files are sealed with. */
export interface VaultKey {
  /** Names the key in a file's head; tells nothing about it. */
  readonly kid: string;
  readonly bytes: Buffer;
}

/** The keys of a vault: the one that it writes with, and former ones that it still reads with. */
export interface VaultKeys {
  readonly current: VaultKey;
  byId(kid: string): VaultKey | undefined;
}

const KEY_BYTES = 32;
const KID_CHARS = 12;

/**
 * Reads keys written as base64 or hex, one a line: the first is the current one. So a key is rotated
 * by putting a new line on top.
 *
 * @param source - what to name in an error: a file, a variable.
 * @throws GatewayError `CONFIG_INVALID`, without the text.
 */
export function parseKeys(text: string, source: string): VaultKeys {
  const keys = text
    .split(/\s+/)
    .filter((line) => line !== '')
    .map((line) => keyOf(line, source));
  const [current] = keys;
  if (current === undefined) throw badKey(source, 'holds no key');
  const byId = new Map(keys.map((key) => [key.kid, key]));
  return { current, byId: (kid) => byId.get(kid) };
}

function keyOf(line: string, source: string): VaultKey {
  const isHex = /^[0-9a-f]{64}$/i.test(line);
  const bytes = Buffer.from(line, isHex ? 'hex' : 'base64');
  if (bytes.length !== KEY_BYTES) {
    throw badKey(source, `holds a key of ${bytes.length} bytes`);
  }
  const kid = createHash('sha256').update('cliproxy-vault').update(bytes).digest('hex');
  return { kid: kid.slice(0, KID_CHARS), bytes };
}

function badKey(source: string, problem: string): GatewayError {
  return new GatewayError(
    'CONFIG_INVALID',
    `the vault's key: ${source} ${problem}; it must be ${KEY_BYTES} random bytes as base64 or hex, for example from \`openssl rand -base64 ${KEY_BYTES}\``,
  );
}
