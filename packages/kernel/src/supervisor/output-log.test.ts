import { once } from 'node:events';
import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { OutputLog } from './output-log.ts';

async function logged(printed: string): Promise<{ lines: readonly string[]; last?: string }> {
  const lines: string[] = [];
  const output = new OutputLog({
    log: { write: (line) => void lines.push(line), close: () => Promise.resolve() },
    clock: { now: () => 0, monotonic: () => 0 },
  });
  const stream = Readable.from([Buffer.from(printed)]);
  output.begin(7);
  output.take(stream);
  await once(stream, 'close');
  const { lastLine } = output;
  return { lines, ...(lastLine === undefined ? {} : { last: lastLine }) };
}

test('the last line is kept apart, for whoever asks why it ended', async () => {
  const { lines, last } = await logged('one\r\ntwo\n\n');
  expect(lines).toEqual(['--- started, PID 7', 'one', 'two']);
  expect(last).toBe('two');
});

test("Node's own last words count, not the addresses that come after them", async () => {
  const fatal = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory';
  const { lines, last } = await logged(
    `${fatal}\n----- Native stack trace -----\n\n 1: 0xb82c78 [node]\n`,
  );
  expect(lines).toHaveLength(4);
  expect(last).toBe(fatal);
});
