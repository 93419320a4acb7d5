import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GrowingText } from './growing-text.ts';

const heard = (messages: readonly string[]): string => {
  const text = new GrowingText();
  return messages.map((message) => text.push(message)).join('');
};
const pieces = fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1 });

test('what is told as all so far is told once, however often', () => {
  fc.assert(
    fc.property(pieces, fc.nat({ max: 2 }), (parts, repeats) => {
      const messages = parts.flatMap((_, index) =>
        Array<string>(repeats + 1).fill(parts.slice(0, index + 1).join('')),
      );
      expect(heard(messages)).toBe(parts.join(''));
    }),
  );
});

test('what is told in pieces is put together', () => {
  fc.assert(
    fc.property(pieces, (parts) => {
      const other = parts.find((part) => part !== parts[0]);
      // That the second sort of piece begins with the first is what can't be told apart.
      fc.pre(other === undefined ? parts.length === 1 : !other.startsWith(parts[0] ?? ''));
      expect(heard(parts)).toBe(parts.join(''));
    }),
  );
});

test('empty beginnings say nothing', () => {
  expect(heard(['', '', 'a', 'b'])).toBe('ab');
  expect(heard(['', 'a', 'ab'])).toBe('ab');
});

test('a second message that is told whole follows the first', () => {
  expect(heard(['On', 'One', 'Tw', 'Two'])).toBe('OneTwo');
});
