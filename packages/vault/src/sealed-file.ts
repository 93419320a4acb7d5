import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { VaultKey, VaultKeys } from './vault-keys.ts';

/** What stands readable at the head of a sealed file; none of it can be changed unnoticed. */
export interface SealHeader {
  readonly id: string;
  readonly generation: number;
}

/** Why a sealed file can't be opened. */
type SealFault = 'malformed' | 'newer-format' | 'unknown-key' | 'tampered';

/** What opening a sealed file gives. */
export type Opened =
  | { readonly header: SealHeader; readonly kid: string; readonly content: Buffer }
  | { readonly fault: SealFault };

const FORMAT = 1;
const ALGORITHM = 'A256GCM';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const LF = 0x0a;

/**
 * Seals a content by AES-256-GCM: a line of JSON, then the ciphertext and its tag. The line is
 * authenticated with it, so that no file can pass for another or for a later one.
 */
export function seal({ id, generation }: SealHeader, content: Buffer, key: VaultKey): Buffer {
  const iv = randomBytes(IV_BYTES);
  const head = { v: FORMAT, kid: key.kid, alg: ALGORITHM, id, gen: generation };
  const line = Buffer.from(`${JSON.stringify({ ...head, iv: iv.toString('base64') })}\n`);
  const cipher = createCipheriv('aes-256-gcm', key.bytes, iv);
  cipher.setAAD(line);
  return Buffer.concat([line, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

/** Opens what {@link seal} made. Never throws: a file may hold anything. */
export function unseal(file: Buffer, keys: VaultKeys): Opened {
  const end = file.indexOf(LF) + 1;
  const head = headOf(file.subarray(0, Math.max(0, end - 1)));
  if (head === undefined) return { fault: 'malformed' };
  if (typeof head.v === 'number' && head.v > FORMAT) return { fault: 'newer-format' };
  const { kid, id, gen, iv } = head;
  const isKnown =
    head.v === FORMAT &&
    head.alg === ALGORITHM &&
    typeof kid === 'string' &&
    typeof id === 'string' &&
    typeof gen === 'number' &&
    typeof iv === 'string';
  if (!isKnown || file.length - end < TAG_BYTES) return { fault: 'malformed' };
  const key = keys.byId(kid);
  if (key === undefined) return { fault: 'unknown-key' };
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.bytes, Buffer.from(iv, 'base64'), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(file.subarray(0, end));
    decipher.setAuthTag(file.subarray(-TAG_BYTES));
    const sealed = file.subarray(end, -TAG_BYTES);
    const content = Buffer.concat([decipher.update(sealed), decipher.final()]);
    return { header: { id, generation: gen }, kid, content };
  } catch {
    return { fault: 'tampered' };
  }
}

function headOf(line: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
