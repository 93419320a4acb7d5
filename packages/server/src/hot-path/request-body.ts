import { GatewayError } from '@cliproxy/plugin-api';
import type { Exchange } from '../edge/exchange.ts';

/**
 * Reads a request's body into one Buffer, straight from the connection.
 *
 * @param maxBytes - the largest body taken; a larger one is refused by its declared length, or as
 *   soon as it is past.
 * @throws GatewayError `CLIENT_TOO_LARGE`, `CLIENT_CLOSED`
 */
export function readRequestBody(exchange: Exchange, maxBytes: number): Promise<Buffer> {
  const { req, res } = exchange;
  const declared = req.headers['content-length'];
  const length = declared === undefined ? undefined : Number(declared);
  if (length !== undefined && length > maxBytes) return Promise.reject(tooLarge(maxBytes));
  if (req.headers.expect !== undefined) res.writeContinue();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let whole: Buffer | undefined;
    let bytes = 0;
    const onData = (chunk: Buffer): void => {
      const from = bytes;
      bytes += chunk.length;
      if (bytes > maxBytes) {
        settle();
        reject(tooLarge(maxBytes));
      } else if (length === undefined || length === chunk.length) {
        chunks.push(chunk);
      } else {
        // Only now that something came: a length alone must not cost memory.
        whole ??= Buffer.allocUnsafeSlow(length);
        chunk.copy(whole, from);
      }
    };
    const onEnd = (): void => {
      settle();
      resolve(
        whole ?? (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes)),
      );
    };
    const onClose = (): void => {
      settle();
      reject(new GatewayError('CLIENT_CLOSED', 'the client left before its request was complete'));
    };
    const settle = (): void => {
      req.off('data', onData).off('end', onEnd).off('close', onClose);
    };
    req.on('data', onData).on('end', onEnd).on('close', onClose);
    // A cut connection is told by `close` as well; unheard, the error would end the process.
    req.on('error', () => undefined);
    if (req.destroyed && !req.readableEnded) onClose();
  });
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError(
    'CLIENT_TOO_LARGE',
    `the body is larger than ${maxBytes} bytes; send less, or raise server.bodyLimitMb`,
  );
}
