import { pipeline, type Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** Each layer takes memory before the first byte of it has come. */
const MAX_LAYERS = 4;

/**
 * Undoes a content encoding that an upstream applied although none was asked for.
 *
 * @param encodings - the `content-encoding` header.
 * @returns the body itself when there is nothing to undo.
 * @throws GatewayError `UPSTREAM_BAD_ANSWER` for an encoding that is not known, and for too many.
 */
export function decodedBody(body: Readable, encodings: string, origin: string): Readable {
  let decoded = body;
  let layers = 0;
  for (const name of encodings.toLowerCase().split(',').reverse()) {
    const encoding = name.trim();
    if (encoding === '' || encoding === 'identity') continue;
    layers += 1;
    if (layers > MAX_LAYERS)
      throw badEncoding(origin, `it is encoded more than ${MAX_LAYERS} times`);
    const decoder = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding]?.() : undefined;
    if (decoder === undefined) {
      throw badEncoding(origin, `it is encoded as "${encoding}", which nobody asked for`);
    }
    decoded = attach(decoded, decoder, origin);
  }
  return decoded;
}

/** Errors of the source reach the reader as they are; errors of the decoder are named. */
function attach(source: Readable, decoder: Transform, origin: string): Readable {
  const destroy = decoder._destroy.bind(decoder);
  decoder._destroy = (error, done) => {
    destroy(error, (also) => {
      const cause = error ?? also ?? null;
      done(cause === null || isGatewayError(cause) ? cause : named(cause, origin));
    });
  };
  decoder.on('error', () => undefined);
  return pipeline(source, decoder, () => undefined);
}

function named(cause: Error, origin: string): Error {
  const fromDecoder = 'code' in cause && typeof cause.code === 'string' && isZlib(cause.code);
  return fromDecoder
    ? badEncoding(origin, `it can't be decoded (${String(cause.code)})`, cause)
    : cause;
}

function isZlib(code: string): boolean {
  return code.startsWith('Z_') || code.startsWith('ERR_');
}

function badEncoding(origin: string, why: string, cause?: unknown): GatewayError {
  return new GatewayError('UPSTREAM_BAD_ANSWER', `the answer of ${origin} is unreadable: ${why}`, {
    failure: { kind: 'upstream', scope: 'instance' },
    ...(cause === undefined ? {} : { cause }),
  });
}
