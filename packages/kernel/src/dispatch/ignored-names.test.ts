import { validateHeaderValue } from 'node:http';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ignoredHeader, ignoredNames } from './ignored-names.ts';

test('ordinary names stay as they are', () => {
  expect(ignoredHeader(['logit_bias', 'messages[0].cache_control', 'x-y'])).toBe(
    'logit_bias, messages[0].cache_control, x-y',
  );
  expect(ignoredHeader([])).toBe('');
});

test.each([
  ['a\r\nset-cookie: b', 'a%0D%0Aset-cookie:%20b'],
  ['a, b', 'a%2C%20b'],
  ['100%', '100%25'],
  ['über', '%C3%BCber'],
  ['\u{1f600}', '%F0%9F%98%80'],
  ['\ud800x', '%EF%BF%BDx'],
  ['\u0000\u001b[31m\u007f', '%00%1B[31m%7F'],
  ['\u202egnp', '%E2%80%AEgnp'],
  ['', ''],
])('%j becomes %s', (name, shown) => {
  expect(ignoredNames([name])).toEqual([shown]);
});

test('long names and long lists end in a mark', () => {
  expect(ignoredNames(['x'.repeat(1e6)])).toEqual([`${'x'.repeat(128)}...`]);
  expect(ignoredNames(['x'.repeat(128)])).toEqual(['x'.repeat(128)]);
  expect(ignoredNames(['\u{1f600}'.repeat(100)])[0]).toMatch(/^(%F0%9F%98%80){10}\.\.\.$/u);
  const many = ignoredNames(Array.from({ length: 1e5 }, (_, n) => `n${n}`));
  expect(many).toHaveLength(65);
  expect(many.at(-1)).toBe('...');
  expect(ignoredNames(Array.from({ length: 64 }, (_, n) => `n${n}`)).at(-1)).toBe('n63');
});

test('whatever the names, the header is clean, short, and tells them apart', () => {
  const names = fc.array(fc.string({ unit: 'binary', maxLength: 300 }), { maxLength: 200 });
  fc.assert(
    fc.property(names, (all) => {
      const header = ignoredHeader(all);
      expect(header).toMatch(/^[\x20-\x7e]*$/);
      expect(header.length).toBeLessThanOrEqual(2_048);
      validateHeaderValue('x-cliproxy-ignored', header);
      const short = all.slice(0, 10).filter((name) => name !== '' && name.length < 10);
      const parts = ignoredHeader(short).split(', ');
      if (short.length > 0) expect(parts.map(decodeURIComponent)).toEqual(short);
    }),
  );
});
