import { GatewayError } from '@cliproxy/plugin-api';

/**
 * Most characters of a streamed answer that are kept because something needs them whole: several
 * times what the longest answers of models hold. In small pieces they take ten times their size.
 */
const MAX_KEPT_CHARS = 4 * 1024 * 1024;
/** Most parts of a streamed answer that are remembered. */
const MAX_KEPT_PARTS = 10_000;

/**
 * Bounds what is kept of a stream while it is translated: its length is the upstream's choice, and
 * an endless one must not fill the memory.
 *
 * @throws GatewayError `UPSTREAM_TOO_LARGE`
 */
export function checkKept({ chars = 0, parts = 0 }: KeptSize): void {
  if (chars > MAX_KEPT_CHARS) throw tooLarge(`${MAX_KEPT_CHARS} characters to be kept whole`);
  if (parts > MAX_KEPT_PARTS) throw tooLarge(`${MAX_KEPT_PARTS} parts`);
}

interface KeptSize {
  readonly chars?: number;
  readonly parts?: number;
}

function tooLarge(what: string): GatewayError {
  const message = `The upstream's stream has more than ${what}.`;
  return new GatewayError('UPSTREAM_TOO_LARGE', message, {
    failure: { kind: 'upstream', scope: 'request', message },
  });
}
