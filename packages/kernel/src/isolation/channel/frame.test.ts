import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FrameReader, frameHead } from './frame.ts';
import type { Frame } from './frame.ts';

const frames: fc.Arbitrary<Frame[]> = fc.array(
  fc.record({
    message: fc.jsonValue(),
    bytes: fc.option(
      fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      { nil: undefined },
    ),
  }),
  { maxLength: 8 },
);

function written(all: readonly Frame[]): Buffer {
  return Buffer.concat(
    all.flatMap(({ message, bytes }) => [
      frameHead(message, bytes?.length ?? 0),
      bytes ?? Buffer.alloc(0),
    ]),
  );
}

function read(pieces: readonly Buffer[]): readonly Frame[] {
  const found: Frame[] = [];
  const reader = new FrameReader((frame) => found.push(frame));
  for (const piece of pieces) reader.take(piece);
  return found;
}

const asJson = (all: readonly Frame[]) =>
  all.map(({ message, bytes }) => [JSON.stringify(message), bytes?.toString('hex')]);

test('frames are the same however they are split', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(), { maxLength: 20 }), (all, cuts) => {
      const whole = written(all);
      const at = [...cuts.map((cut) => cut % (whole.length + 1)), 0, whole.length];
      at.sort((a, b) => a - b);
      const pieces = at.slice(1).map((end, index) => whole.subarray(at[index], end));
      expect(asJson(read(pieces))).toEqual(asJson(all));
    }),
  );
  const whole = written([{ message: { a: 'é' }, bytes: Buffer.from('xyz') }]);
  const bytes = Array.from(whole, (_, index) => whole.subarray(index, index + 1));
  expect(asJson(read(bytes))).toEqual([['{"a":"é"}', '78797a']]);
});

test.each([
  ['lengths beyond measure', Buffer.alloc(8, 0xff)],
  [
    'a text that is no JSON',
    Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{')]),
  ],
])('%s is refused', (_what, bytes) => {
  expect(() => read([bytes])).toThrow();
});
