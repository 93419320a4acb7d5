import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { tagOpaque, untagOpaque } from './opaque-tag.ts';

describe('opaque tag', () => {
  test('a tagged value comes back with its origin', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string(), (origin, value) => {
        const tagged = tagOpaque({ origin, value }, undefined);
        expect(tagged.startsWith('cpx1.')).toBe(true);
        expect(untagOpaque(tagged, 'gemini')).toEqual({ origin, value });
      }),
    );
  });

  test('a value that stays in its dialect is untouched', () => {
    expect(tagOpaque({ origin: 'claude/m', value: 'sig==' }, 'anthropic-messages')).toBe('sig==');
    expect(untagOpaque('sig==', 'anthropic-messages')).toEqual({
      origin: 'anthropic-messages',
      value: 'sig==',
    });
  });

  test.each(['cpx1.', 'cpx1..v', 'cpx1.no-end', 'cpx1.!!!.v', 'cpx1.YQ==.v', 'cpx2.YQ.v'])(
    'a malformed tag counts as native: %s',
    (value) => expect(untagOpaque(value, 'gemini')).toEqual({ origin: 'gemini', value }),
  );
});
