import type { Readable } from 'node:stream';
import { bytesOf } from './wire-reply.ts';

/** No vendor's error says more than this; what comes after it is not read. */
const MAX_BYTES = 65_536;

/** An error's text while it is read. */
export interface ErrorBodyReading {
  /** Enough has been waited: goes on with what is there. */
  finish(): void;
  /** Nobody wants it any more. */
  stop(): void;
}

/**
 * Reads the text of an upstream's error: as much as comes, up to 64 KiB. A text that breaks off
 * still says what it says.
 */
export function readErrorBody(body: Readable, done: (text: Buffer) => void): ErrorBodyReading {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let over = false;
  const finish = (): void => {
    if (over) return;
    over = true;
    body.destroy();
    done(Buffer.concat(chunks, Math.min(bytes, MAX_BYTES)));
  };
  body.on('error', finish);
  body.on('end', finish);
  body.on('close', finish);
  body.on('data', (chunk: unknown) => {
    const piece = over ? undefined : bytesOf(chunk);
    if (piece === undefined) return;
    chunks.push(piece);
    bytes += piece.length;
    if (bytes >= MAX_BYTES) finish();
  });
  body.resume();
  if (body.destroyed || body.readableEnded) queueMicrotask(finish);
  const stop = (): void => {
    over = true;
    body.destroy();
  };
  return { finish, stop };
}
