import { describe, expect, test } from '@jest/globals';
import { isGatewayError } from '@cliproxy/plugin-api';
import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import type { SseEvent } from '../codec/sse-event.ts';
import { eventReader } from './event-reader.ts';
import { FrameSplitter } from './frame-splitter.ts';

/** An independent reading of the whole stream at once, by the rules of the HTML standard. */
function eventsOf(stream: Buffer): SseEvent[] {
  const events: SseEvent[] = [];
  const text = new TextDecoder().decode(stream).replace(/\r\n|\r/g, '\n');
  let data: string[] = [];
  let event = '';
  for (const line of text.split('\n').slice(0, -1)) {
    const colon = line.indexOf(':');
    if (line === '') {
      if (data.length > 0) events.push({ ...(event && { event }), data: data.join('\n') });
      data = [];
      event = '';
    } else if (colon !== 0) {
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'data') data.push(value);
      if (field === 'event') event = value;
    }
  }
  return events;
}

const cutAt = (stream: Buffer, cuts: readonly number[]): Buffer[] => {
  const places = [0, ...[...cuts].sort((a, b) => a - b), stream.length];
  return places.slice(1).map((place, index) => stream.subarray(places[index], place));
};

function framesOf(chunks: readonly Buffer[]): Buffer[] {
  const splitter = new FrameSplitter();
  const frames = chunks.flatMap((chunk) => splitter.push(chunk));
  const rest = splitter.end();
  return rest === undefined ? frames : [...frames, rest];
}

function readAll(chunks: readonly Buffer[]): SseEvent[] {
  const reader = eventReader();
  return [...chunks.flatMap((chunk) => reader.push(chunk)), ...reader.end()];
}

const line = fc.oneof(
  fc.constantFrom(
    'data: {"a":1}',
    'data:x',
    'data',
    'data:',
    'event: ping',
    'event:',
    ': hi',
    'id: 7',
  ),
  fc.constantFrom('retry: 5', 'junk', 'data: grüß 🙂', 'data:  two', '', '', ''),
);
const lines = fc
  .array(fc.tuple(line, fc.constantFrom('\n', '\n', '\r\n', '\r\n', '\r')), { maxLength: 8 })
  .map((pairs) => pairs.flat().join(''));
/** The form that vendors send, and forms that come near it. */
const plain = fc
  .tuple(
    fc.constantFrom('', '', 'event: a\n', 'event: a\n', 'event: \n', 'event:a\n', 'event: a\r\n'),
    fc.constantFrom('data: {"a":1}', 'data: {"a":1}', 'data: ', 'data:  x', 'data: a\rb'),
    fc.constantFrom('\n\n', '\n\n', '\n\n', '\n\ndata: 2\n\n', '\n: c\n\n', '\r\n\r\n', '\n'),
  )
  .map((parts) => parts.join(''));
const streams = fc
  .tuple(fc.boolean(), fc.array(fc.oneof(lines, plain), { maxLength: 4 }))
  .map(([mark, parts]) => Buffer.from((mark ? '\uFEFF' : '') + parts.join('')));

describe('frames', () => {
  test('joined are the stream, wherever it was cut, and each reads like the whole', () => {
    fc.assert(
      fc.property(streams, fc.array(fc.nat(200), { maxLength: 8 }), (stream, raw) => {
        const cuts = raw.map((cut) => Math.min(cut, stream.length));
        const frames = framesOf(cutAt(stream, cuts));
        expect(Buffer.concat(frames).equals(stream)).toBe(true);
        const events = frames.flatMap((frame) => eventsOf(frame));
        expect(events).toEqual(eventsOf(stream));
      }),
      { numRuns: 2000 },
    );
  });

  test.each(['\n', '\r\n', '\r'])('are whole and alike for every cut; line end %j', (end) => {
    const stream = Buffer.from(
      ['event: a', 'data: grüß 🙂', 'data: 2', '', ': c', '', 'data: 3', '', ''].join(end),
    );
    const whole = framesOf([stream]);
    expect(whole).toHaveLength(3);
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const frames = framesOf(cutAt(stream, [cut]));
      expect(Buffer.concat(frames).equals(stream)).toBe(true);
      if (end !== '\r') expect(frames).toEqual(whole);
    }
    const bytewise = framesOf([...stream].map((byte) => Buffer.from([byte])));
    if (end !== '\r') expect(bytewise).toEqual(whole);
    expect(bytewise.flatMap((frame) => eventsOf(frame))).toEqual(eventsOf(stream));
  });

  test('come at once: nothing waits for bytes that need not come', () => {
    for (const end of ['\n', '\r\n']) {
      const splitter = new FrameSplitter();
      expect(splitter.push(Buffer.from(`data: 1${end}${end}`))).toHaveLength(1);
    }
    const splitter = new FrameSplitter();
    splitter.push(Buffer.from('data: 1\r\rdata: 2\r'));
    expect(splitter.push(Buffer.from('\r'))).toHaveLength(1);
  });

  test('within one chunk are views of it', () => {
    const chunk = Buffer.from('data: 1\n\ndata: 2\r\n\r\ndata: 3');
    for (const frame of new FrameSplitter().push(chunk)) expect(frame.buffer).toBe(chunk.buffer);
  });

  test('are taken up to the limit and not past it, in one piece and in many', () => {
    const frame = (bytes: number): Buffer => Buffer.from(`data:${'x'.repeat(bytes - 7)}\n\n`);
    const codeOf = (run: () => unknown): string | undefined => {
      try {
        run();
        return undefined;
      } catch (error) {
        return isGatewayError(error) ? `${error.code} ${String(error.failure?.scope)}` : 'other';
      }
    };
    expect(new FrameSplitter(64).push(frame(64))).toHaveLength(1);
    expect(codeOf(() => new FrameSplitter(64).push(frame(65)))).toBe('UPSTREAM_TOO_LARGE instance');
    for (const bytes of [64, 65]) {
      const splitter = new FrameSplitter(64);
      const code = codeOf(() => {
        for (const byte of frame(bytes)) splitter.push(Buffer.from([byte]));
      });
      expect(code).toBe(bytes === 64 ? undefined : 'UPSTREAM_TOO_LARGE instance');
    }
  });

  test('an endless line, lines without end, and a million pieces stay linear', () => {
    const work = (pieces: number, piece: Buffer): void => {
      const splitter = new FrameSplitter();
      for (let count = 0; count < pieces; count += 1) splitter.push(piece);
    };
    expect(() => work(17, Buffer.alloc(1024 * 1024, 'x'))).toThrow('larger than 16777216');
    expect(() => work(17, Buffer.alloc(1024 * 1024, 'data:\n'))).toThrow('larger than');
    expect(() => work(17, Buffer.alloc(1024 * 1024, 'data:\r'))).toThrow('larger than');
    // Were it quadratic, these would run for hours.
    for (const line of ['data:\n', 'data:\r']) work(1, Buffer.alloc(15 * 1024 * 1024, line));
    work(1_000_000, Buffer.from('x'));
    work(1_000_000, Buffer.from('\n'));
    work(1_000_000, Buffer.from('\r'));
  }, 60_000);
});

describe('event reader', () => {
  test('gives the same events wherever the stream was cut', () => {
    fc.assert(
      fc.property(streams, fc.array(fc.nat(200), { maxLength: 8 }), (stream, raw) => {
        const closed = Buffer.concat([stream, Buffer.from('\n\n')]);
        const cuts = raw.map((cut) => Math.min(cut, closed.length));
        expect(readAll(cutAt(closed, cuts))).toEqual(eventsOf(closed));
      }),
      { numRuns: 1000 },
    );
  });

  test('agrees with the library fed with text', () => {
    fc.assert(
      fc.property(streams, (stream) => {
        const closed = Buffer.concat([stream, Buffer.from('\n\n')]);
        const events: SseEvent[] = [];
        const parser = createParser({
          onEvent: ({ event, data }) => events.push({ ...(event && { event }), data }),
        });
        parser.feed(new TextDecoder().decode(closed));
        expect(readAll([closed])).toEqual(events);
      }),
    );
  });

  test('tells a last event that has no blank line only at the end', () => {
    const reader = eventReader();
    expect(reader.push(Buffer.from('\uFEFFevent: a\r\ndata: [DONE]'))).toEqual([]);
    expect(reader.end()).toEqual([{ event: 'a', data: '[DONE]' }]);
    expect(reader.end()).toEqual([]);
  });

  test('survives any bytes', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void readAll([Buffer.from(bytes)])));
  });
});
