import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bySpecificity, compilePattern, substitute } from './model-pattern.ts';

describe('patterns', () => {
  test.each([
    ['claude-*', 'claude-sonnet-4', true],
    ['claude-*', 'claude-', true],
    ['claude-*', 'claude', false],
    ['claude-*', 'xclaude-1', false],
    ['*', '', true],
    ['*', 'a/b/c', true],
    ['gpt-5', 'gpt-5', true],
    ['gpt-5', 'gpt-5-mini', false],
    ['gemini-*-foo', 'gemini-2/5-foo', true],
    ['gemini-*-foo', 'gemini-foo', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*ab*ab*', 'xabab', true],
    ['*ab*ab*', 'xab', false],
    ['a*b*b', 'abb', true],
    ['a*bc*c', 'abc', false],
    ['o.*', 'oxy', false],
    ['o?', 'o1', false],
    ['a**b', 'axb', true],
  ])('%s on %s: %s', (pattern, name, expected) => {
    expect(compilePattern(pattern).matches(name)).toBe(expected);
  });

  test('agree with the plain definition by backtracking', () => {
    const slow = (pattern: string, name: string): boolean => {
      if (pattern === '') return name === '';
      if (pattern[0] !== '*')
        return pattern[0] === name[0] && slow(pattern.slice(1), name.slice(1));
      return slow(pattern.slice(1), name) || (name !== '' && slow(pattern, name.slice(1)));
    };
    const text = (letters: string) =>
      fc.array(fc.constantFrom(...letters.split(',')), { maxLength: 9 }).map((all) => all.join(''));
    fc.assert(
      fc.property(text('a,b,*'), text('a,b'), (pattern, name) => {
        if (pattern !== '' || name !== '') {
          expect(compilePattern(pattern).matches(name)).toBe(slow(pattern, name));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('put back together, captures and pattern give the name', () => {
    const word = fc.array(fc.constantFrom('a', 'b', '-'), { maxLength: 4 }).map((w) => w.join(''));
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 2, maxLength: 5 }),
        fc.array(word),
        (pieces, fill) => {
          const name = pieces.reduce((all, piece, index) => `${all}${fill[index] ?? ''}${piece}`);
          const text = pieces.join('*').replaceAll(/\*+/g, '*');
          const captured = compilePattern(text).capture(name);
          expect(captured).toBeDefined();
          expect(substitute(text, captured!)).toBe(name);
        },
      ),
    );
    expect(compilePattern('a*').capture('b')).toBeUndefined();
    expect(substitute('x*-*-*', ['1', '2'])).toBe('x1-2-');
  });

  test('the more specific first: names, then more letters, then fewer stars', () => {
    const order = ['*', 'a*', '*a*', 'a*-foo', 'a-b', 'a-*'].map(compilePattern);
    expect(order.sort(bySpecificity).map(({ text }) => text)).toEqual([
      'a-b',
      'a*-foo',
      'a-*',
      'a*',
      '*a*',
      '*',
    ]);
  });

  test('a long name against 100 hostile patterns takes no time to speak of', () => {
    const patterns = Array.from({ length: 100 }, (_, index) =>
      compilePattern(
        index % 2 === 0
          ? `${'*a'.repeat(11)}*b${'*a'.repeat(index % 10)}*c*`
          : `*${'a'.repeat(index)}c*`,
      ),
    );
    const name = 'a'.repeat(10_000);
    const before = process.cpuUsage();
    for (const pattern of patterns) expect(pattern.capture(`${name}b${name}`)).toBeUndefined();
    const { user, system } = process.cpuUsage(before);
    // A backtracking matcher needs minutes for the first of them; this needs milliseconds for all.
    expect((user + system) / 1_000).toBeLessThan(2_000);
  });
});
