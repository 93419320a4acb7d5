import { createParser } from 'eventsource-parser';
import type { SseEvent } from '../codec/sse-event.ts';
import { FrameSplitter, MAX_FRAME_BYTES } from './frame-splitter.ts';

const CR = 0x0d;
const BYTE_ORDER_MARK = '\uFEFF';

/** Reads the events of a stream, for those who translate them. */
export interface EventReader {
  /** @throws GatewayError `UPSTREAM_TOO_LARGE` */
  push(chunk: Buffer): readonly SseEvent[];
  /** The events of a last frame whose blank line never came. */
  end(): readonly SseEvent[];
}

/**
 * Makes a reader. Frames are cut first: each is whole, so no character is split, memory is bounded
 * and time is linear whatever the chunks are.
 */
export function eventReader(maxFrameBytes: number = MAX_FRAME_BYTES): EventReader {
  const splitter = new FrameSplitter(maxFrameBytes);
  let events: SseEvent[] = [];
  let first = true;
  const parser = createParser({
    onEvent: ({ event, data }) => events.push(event === undefined ? { data } : { event, data }),
  });
  const feed = (frame: Buffer): void => {
    let text = frame.toString('utf8');
    if (first && text.startsWith(BYTE_ORDER_MARK)) text = text.slice(1);
    first = false;
    const plain = plainEvent(text);
    if (plain !== undefined) {
      events.push(plain);
      return;
    }
    // The parser is only linear for LF, and waits after a last CR.
    parser.feed(frame.includes(CR) ? text.replaceAll(/\r\n?/g, '\n') : text);
  };
  const take = (): readonly SseEvent[] => {
    const taken = events;
    events = [];
    return taken;
  };
  return {
    push(chunk) {
      for (const frame of splitter.push(chunk)) feed(frame);
      return take();
    },
    end() {
      const rest = splitter.end();
      if (rest !== undefined) feed(Buffer.concat([rest, Buffer.from('\n\n')]));
      return take();
    },
  };
}

const EVENT = 'event: ';
const DATA = 'data: ';
/** A frame of one line of data, after its name or without one, ends so. */
const END = '\n\n';

/**
 * The event of a frame in the form that vendors send; undefined for any other, which the parser
 * reads. Each event comes through here: two searches instead of a general parse.
 */
function plainEvent(frame: string): SseEvent | undefined {
  let from = 0;
  if (frame.startsWith(EVENT)) {
    from = frame.indexOf('\n') + 1;
    if (from === EVENT.length + 1) return undefined;
  }
  const isPlain =
    frame.startsWith(DATA, from) &&
    frame.endsWith(END) &&
    frame.indexOf('\n', from) === frame.length - END.length &&
    !frame.includes('\r');
  if (!isPlain) return undefined;
  const data = frame.slice(from + DATA.length, -END.length);
  return from === 0 ? { data } : { event: frame.slice(EVENT.length, from - 1), data };
}
