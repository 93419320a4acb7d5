import type { Readable } from 'node:stream';
import { GatewayError } from '@cliproxy/plugin-api';
import type { Relay, RelayTarget } from './relay.ts';
import { bytesOf } from './wire-reply.ts';

/**
 * Moves a reply's body. Plain listeners: an async iterator would cost several promises a chunk.
 *
 * @param junk - makes the error for a body that holds something other than bytes.
 */
export function relayBody(
  body: Readable,
  target: RelayTarget<Buffer>,
  junk: (what: string) => GatewayError,
): Relay {
  let over = false;
  const fail = (thrown: unknown): void => {
    if (over) return;
    over = true;
    target.fail(thrown);
  };
  const end = (): void => {
    if (over) return;
    over = true;
    target.end();
  };
  const closed = (): void => {
    if (over) return;
    const message = "the upstream's answer ended before it was complete";
    fail(new GatewayError('UPSTREAM_TRUNCATED', message, { failure: truncated }));
  };
  body.on('error', fail);
  body.on('end', end);
  body.on('close', closed);
  body.on('data', (chunk: unknown) => {
    if (over) return;
    const bytes = bytesOf(chunk);
    if (bytes === undefined) fail(junk('gave a body that does not hold bytes'));
    else target.take(bytes);
  });
  // A plugin may have paused it; a listener alone would not wake it.
  body.resume();
  if (body.readableEnded) queueMicrotask(end);
  else if (body.destroyed) queueMicrotask(closed);
  return {
    pause: () => void body.pause(),
    resume: () => void body.resume(),
    stop: () => {
      over = true;
      body.destroy();
    },
  };
}

const truncated = Object.freeze({ kind: 'network', scope: 'account' } as const);
