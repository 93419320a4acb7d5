import { Transform, pipeline } from 'node:stream';
import type { Readable } from 'node:stream';
import { GatewayError } from '@cliproxy/plugin-api';

/** `data: [DONE]` and the blank lines that may follow it. */
const MAX_TAIL_BYTES = 64;
/** A line break inside of JSON is written otherwise, so that no text can look like it. */
const DONE = /(?:^|[\r\n])data: ?\[DONE\]\s*$/u;

/** A stream of events that is broken unless it ends with `[DONE]`. */
export function untilDone(body: Readable): Readable {
  let tail = '';
  const watched = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - MAX_TAIL_BYTES))).slice(
        -MAX_TAIL_BYTES,
      );
      done(undefined, chunk);
    },
    flush(done) {
      done(DONE.test(tail) ? undefined : cut());
    },
  });
  pipeline(body, watched, () => undefined);
  return watched;
}

function cut(): GatewayError {
  const message = "The service's stream ended without [DONE]; the answer is incomplete.";
  return new GatewayError('UPSTREAM_TRUNCATED', message, {
    failure: { kind: 'upstream', scope: 'instance', message },
  });
}
