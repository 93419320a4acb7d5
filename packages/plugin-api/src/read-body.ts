import { GatewayError } from './gateway-error.ts';
import type { WireReply } from './http.ts';

/**
 * Reads a reply's body to its end.
 *
 * @param reply - the reply; its body is used up afterwards.
 * @param maxBytes - the largest body accepted, in decoded bytes; the rest is not read.
 * @throws GatewayError `UPSTREAM_TOO_LARGE` past `maxBytes`.
 */
export async function readBody(reply: WireReply, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of reply.body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      reply.body.destroy();
      throw new GatewayError(
        'UPSTREAM_TOO_LARGE',
        `the upstream's answer is larger than ${maxBytes} bytes`,
        { failure: { kind: 'upstream', scope: 'request' } },
      );
    }
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes);
}
