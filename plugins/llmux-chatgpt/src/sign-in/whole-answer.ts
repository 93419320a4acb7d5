import { Readable } from 'node:stream';
import { GatewayError, readBody } from '@cliproxy/plugin-api';
import type { WireReply } from '@cliproxy/plugin-api';

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const ENDS: ReadonlySet<unknown> = new Set([
  'response.completed',
  'response.incomplete',
  'response.failed',
]);

interface StreamEvent {
  readonly type?: unknown;
  readonly response?: Readonly<Record<string, unknown>>;
  readonly item?: unknown;
  readonly error?: unknown;
}

/**
 * A streamed answer in one piece, for clients that did not ask for a stream: the vendor answers a
 * plan by streams alone.
 *
 * @throws GatewayError `UPSTREAM_TRUNCATED` when the stream ends before the answer does.
 */
export async function wholeAnswer(reply: WireReply): Promise<WireReply> {
  const text = (await readBody(reply, MAX_ANSWER_BYTES)).toString();
  const items: unknown[] = [];
  for (const frame of text.split(/\r?\n\r?\n/u)) {
    const event = eventOf(frame);
    if (event?.type === 'response.output_item.done') items.push(event.item);
    if (event?.type === 'error') return inOnePiece(reply, { error: event.error ?? event });
    if (!ENDS.has(event?.type) || event?.response === undefined) continue;
    const { output } = event.response;
    // What is not stored may be told by its pieces alone.
    const isTold = Array.isArray(output) && output.length > 0;
    return inOnePiece(reply, isTold ? event.response : { ...event.response, output: items });
  }
  throw new GatewayError('UPSTREAM_TRUNCATED', "the vendor's stream ended before its answer did", {
    failure: { kind: 'upstream', scope: 'account' },
  });
}

function eventOf(frame: string): StreamEvent | undefined {
  const data = frame
    .split(/\r?\n/u)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length))
    .join('\n');
  try {
    return JSON.parse(data) as StreamEvent;
  } catch {
    return undefined;
  }
}

function inOnePiece(reply: WireReply, answer: object): WireReply {
  return {
    ...reply,
    headers: { ...reply.headers, 'content-type': 'application/json' },
    body: Readable.from([Buffer.from(JSON.stringify(answer))]),
  };
}
