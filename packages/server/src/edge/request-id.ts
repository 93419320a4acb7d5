import { randomFillSync } from 'node:crypto';

const ID_BYTES = 12;
const IDS_PER_DRAW = 256;
const SANE = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * Makes request ids: a client's own where it is harmless, else a fresh one.
 *
 * Random bytes are drawn for many ids at once: one call to the generator costs as much as 256.
 */
export function createRequestIds(): (offered?: string | readonly string[]) => string {
  const pool = Buffer.allocUnsafeSlow(ID_BYTES * IDS_PER_DRAW);
  let at = pool.length;
  return (offered) => {
    if (typeof offered === 'string' && SANE.test(offered)) return offered;
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    at += ID_BYTES;
    return `req_${pool.toString('base64url', at - ID_BYTES, at)}`;
  };
}
