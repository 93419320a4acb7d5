import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { pacedWrite } from '../paced-write.ts';
import type { StreamFaults } from './vendor-answer.ts';
import type { Frame, Framing } from './vendor-api.ts';

/** Events of an endless answer that are written together. */
const BATCH = 16;

/** What is sent, and what goes wrong with it. */
export interface Sending {
  readonly framing: Exclude<Framing, 'whole'>;
  readonly frames: readonly Frame[];
  readonly faults: StreamFaults;
  /** The vendor's report of `errorAfterFirst`. */
  readonly faultFrame: Frame | undefined;
}

/** The body of a streamed answer, event by event, with its faults. Ends early once `gone` is aborted. */
export async function* streamedBody(sending: Sending, gone: AbortSignal): AsyncGenerator<string> {
  const { framing, frames, faults, faultFrame } = sending;
  const write = framing === 'sse' ? eventWriter(faults) : elementWriter();
  let first = true;
  for (const frame of frames) {
    if (faults.cutBeforeFinish === true && frame.place === 'closing') return;
    yield write(frame);
    if (frame.place !== 'content' || !first) continue;
    first = false;
    if (faults.pauseAfterFirst !== undefined) await settled(faults.pauseAfterFirst, gone);
    for (let n = 1; faults.endless === true && !gone.aborted; n += BATCH) {
      yield Array.from({ length: BATCH }, (_, at) => write(later(frame, n + at))).join('');
    }
    if (gone.aborted) return;
    if (faultFrame !== undefined) {
      yield write(faultFrame) + endOf(framing);
      return;
    }
  }
  yield endOf(framing);
}

/** The same event, so many events later: some vendors number theirs. */
function later({ data, ...frame }: Frame, events: number): Frame {
  const number = (data as { readonly sequence_number?: unknown }).sequence_number;
  if (typeof number !== 'number') return { ...frame, data };
  return { ...frame, data: { ...(data as object), sequence_number: number + events } };
}

function endOf(framing: Sending['framing']): string {
  return framing === 'json-array' ? '\n]\n' : '';
}

function eventWriter(faults: StreamFaults): (frame: Frame) => string {
  const { lineEnd = '\n', comments = false, multiLineData = false } = faults;
  return ({ event, data }) => {
    const text =
      typeof data === 'string' ? data : JSON.stringify(data, undefined, multiLineData ? 1 : 0);
    const lines = text.split('\n').map((line) => `data: ${line}`);
    if (event !== undefined) lines.unshift(`event: ${event}`);
    if (comments) lines.unshift(': keep-alive', '');
    return [...lines, '', ''].join(lineEnd);
  };
}

/** Gemini's array is pretty-printed, with the commas on lines of their own. */
function elementWriter(): (frame: Frame) => string {
  let before = '[';
  return ({ data }) => {
    const element = before + JSON.stringify(data, undefined, 2);
    before = '\n,\r\n';
    return element;
  };
}

/** Waits for a promise, but no longer than for the client to leave. */
export async function settled(promise: Promise<unknown>, gone: AbortSignal): Promise<void> {
  if (gone.aborted) return;
  await Promise.race([promise.catch(() => undefined), once(gone, 'abort')]);
}

/**
 * Writes a body in the chunks that were asked for, at the pace of the reader.
 *
 * @param count - told of the bytes that were written, after each chunk.
 * @returns whether it was broken off, as `cutAfterBytes` tells.
 */
export async function sendBody(
  outgoing: ServerResponse,
  body: AsyncIterable<string> | Iterable<string>,
  { chunkBytes, cutAfterBytes }: StreamFaults,
  count: (bytes: number) => void,
): Promise<boolean> {
  let left = cutAfterBytes ?? Number.POSITIVE_INFINITY;
  for await (const piece of body) {
    const bytes = Buffer.from(piece);
    const sent = bytes.subarray(0, left);
    const size = chunkBytes ?? sent.length;
    for (let from = 0; from < sent.length; from += size) {
      if (outgoing.destroyed) return false;
      const chunk = sent.subarray(from, from + size);
      await pacedWrite(outgoing, chunk);
      count(chunk.length);
    }
    left -= bytes.length;
    if (left <= 0) {
      // What was written still arrives.
      outgoing.socket?.destroySoon();
      return true;
    }
  }
  // One that was left would count as complete from then on.
  if (!outgoing.destroyed) outgoing.end();
  return false;
}
