import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { untilDone } from './until-done.ts';

const read = async (...chunks: readonly Buffer[]): Promise<string> =>
  (await buffer(untilDone(Readable.from(chunks)))).toString();
const cutAt = (text: string, at: readonly number[]): readonly Buffer[] => {
  const bytes = Buffer.from(text);
  const ends = [...new Set(at.map((end) => end % bytes.length))].sort((a, b) => a - b);
  return [0, ...ends].map((start, index) => bytes.subarray(start, ends[index] ?? bytes.length));
};
const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const truncated = expect.objectContaining({ code: 'UPSTREAM_TRUNCATED' });

describe('a stream', () => {
  test.each(['data: [DONE]\n\n', 'data:[DONE]\r\n\r\n', 'data: [DONE]', 'data: [DONE]\n\n\n\n'])(
    'that ends with %j is whole, its bytes as they were, however it is cut',
    async (end) => {
      const events = fc.array(fc.record({ text: fc.string({ unit: 'grapheme' }) }));
      await fc.assert(
        fc.asyncProperty(events, fc.array(fc.nat()), async (values, cuts) => {
          const text = values.map(event).join('') + end;
          expect(await read(...cutAt(text, cuts))).toBe(text);
        }),
      );
    },
  );

  test('that ends before it is broken, wherever that is', async () => {
    const text = event({ text: 'a\ndata: [DONE]' }) + event({ text: 'data: [DONE]' });
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.array(fc.nat()), async (length, cuts) => {
        const part = (text + 'data: [DONE]').slice(0, 1 + (length % (text.length + 11)));
        await expect(read(...cutAt(part, cuts))).rejects.toEqual(truncated);
      }),
    );
  });

  test('that is empty is broken; one that breaks stays what it is', async () => {
    await expect(read()).rejects.toEqual(truncated);
    const broken = new Readable({
      read() {
        this.destroy(Object.assign(new Error('gone'), { code: 'ECONNRESET' }));
      },
    });
    await expect(buffer(untilDone(broken))).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('that nobody wants any more is let go of', async () => {
    const source = new Readable({ read: () => undefined });
    const watched = untilDone(source);
    watched.destroy();
    await new Promise((resolve) => source.once('close', resolve));
    expect(source.destroyed).toBe(true);
  });
});
