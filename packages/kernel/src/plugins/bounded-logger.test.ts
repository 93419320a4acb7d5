import { expect, test } from '@jest/globals';
import { ManualClock } from '../../test/fake-instances.ts';
import { boundedLogger } from './bounded-logger.ts';

test('a flood is cut off, told once, and summed up when it is over', () => {
  const clock = new ManualClock();
  const lines: string[] = [];
  const floods: string[] = [];
  const write = (text: string): void => void lines.push(text);
  const logger = boundedLogger(
    { debug: write, info: write, warn: write, error: write },
    clock,
    (what) => floods.push(what),
  );
  for (let n = 0; n < 3_000; n += 1) logger[(['info', 'warn', 'error'] as const)[n % 3]!](`${n}`);
  expect(lines).toHaveLength(1_000);
  expect(floods).toEqual([expect.stringContaining('more than 1000 lines within 10 s')]);
  logger.debug('wanted');
  expect(lines.at(-1)).toBe('wanted');
  clock.pass(10_000);
  logger.info('calm again');
  expect(lines.slice(-2)).toEqual([
    '2000 lines of the plugin were left out of the log',
    'calm again',
  ]);
  expect(floods).toHaveLength(1);
});
