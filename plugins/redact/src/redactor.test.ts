import { describe, expect, test } from '@jest/globals';
import { DETECTORS } from './detectors.ts';
import type { DetectorName } from './config.ts';
import { ownDetector, repetitionProblem } from './own-pattern.ts';
import { PlaceholderBook } from './placeholder-book.ts';
import { Redactor } from './redactor.ts';

const all = (Object.keys(DETECTORS) as DetectorName[]).map((name) => DETECTORS[name]);
const redactor = (): Redactor => new Redactor(all, new PlaceholderBook());
const redacted = (text: string): string => redactor().text(text);

// Made up; put together here, so that no scanner of repositories takes them for real.
const KEY_BODY = 'Ab1'.repeat(14);
const pem = (end = '-----END RSA PRIVATE KEY-----'): string =>
  `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEow+/'.repeat(8)}\n${'IBAAKCAQ'.repeat(8)}\n${end}`;

describe('what is found', () => {
  test.each<[string, string, string]>([
    ['an address', 'write to alice.b+x@mail.example.co.uk.', 'write to [EMAIL_1].'],
    ['two addresses', 'a@b.io, c@d.io', '[EMAIL_1], [EMAIL_2]'],
    ['the same address twice', 'a@b.io or a@b.io', '[EMAIL_1] or [EMAIL_1]'],
    ['a key', `key: sk-proj-${KEY_BODY}`, 'key: [API_KEY_1]'],
    ['a key of a cloud', `AKIA${'ABCD'.repeat(4)} is it`, '[API_KEY_1] is it'],
    ['a key of a forge', `ghp_${'a1B2'.repeat(9)}`, '[API_KEY_1]'],
    ['a key of a search engine', `AIza${'x'.repeat(35)}`, '[API_KEY_1]'],
    [
      'a signed token',
      `eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(20)}.${'c'.repeat(20)}`,
      '[API_KEY_1]',
    ],
    [
      'a long signed token, behind a dash',
      `x-eyJ${'a-'.repeat(2_000)}.eyJ${'b'.repeat(9_000)}.${'c'.repeat(3_000)}!`,
      'x-[API_KEY_1]!',
    ],
    ['a key behind a dash', `of-sk-${KEY_BODY}`, 'of-[API_KEY_1]'],
    ['a private key', `it is\n${pem()}\nthere`, 'it is\n[PRIVATE_KEY_1]\nthere'],
    ['a private key on one line', pem().replaceAll('\n', '\\n'), '[PRIVATE_KEY_1]'],
    ['a private key that is cut off', pem(''), '[PRIVATE_KEY_1]\n'],
    [
      'private keys, one of them cut off',
      `${pem('')}and ${pem()} and ${'.'.repeat(20_000)}${pem()}`,
      `[PRIVATE_KEY_1] and ${'.'.repeat(20_000)}[PRIVATE_KEY_2]`,
    ],
    ['a card', 'pay 4111111111111111 now', 'pay [CARD_1] now'],
    ['a card in groups', '4111 1111 1111 1111 123', '[CARD_1] 123'],
    ['another card', '3782 822463 10005', '[CARD_1]'],
    ['an IBAN', 'to DE89 3704 0044 0532 0130 00 AND soon', 'to [IBAN_1] AND soon'],
    ['an IBAN before a word of four letters', 'BE68 5390 0754 7034 THAT', '[IBAN_1] THAT'],
    ['an address of a machine', 'at 10.0.255.1:80', 'at [IPV4_1]:80'],
  ])('%s', (_what, text, expected) => {
    expect(redacted(text)).toBe(expected);
  });

  test.each([
    ['a handle', 'ask @alice about it'],
    ['a number that is no card', '4111111111111112'],
    ['a time in milliseconds', '1764316800000'],
    ['part of a longer number', '94111111111111111123456'],
    ['an IBAN with a wrong sum', 'DE88 3704 0044 0532 0130 00'],
    ['a word with a dash', 'task-force-of-the-whole-company'],
    ['a version', '1.2.3.4.5'],
    ['a public key', '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----'],
  ])('not %s', (_what, text) => {
    expect(redacted(text)).toBe(text);
  });

  test('what two find is one, of the first kind', () => {
    const own = ownDetector({ name: 'TEAM', match: 'team [^ ]+' });
    const book = new PlaceholderBook();
    const text = new Redactor([...all, own], book).text('of team a@b.io today');
    expect(text).toBe('of [EMAIL_1] today');
    expect(book.valueOf('[EMAIL_1]')).toBe('team a@b.io');
  });
});

describe('JSON', () => {
  test('stays JSON, and what is not replaced stays as it is written', () => {
    const text =
      '{ "id": 12345678901234567890, "to": ["a@b.io"], "card": 4111111111111111,\n"e": 1e3 }';
    expect(redactor().jsonText(text)).toBe(
      '{ "id": 12345678901234567890, "to": ["[EMAIL_1]"], "card": "[CARD_1]",\n"e": 1e3 }',
    );
  });

  test('names are looked at, and what is escaped', () => {
    expect(redactor().jsonText(String.raw`{"a\u0040b.io":"x"}`)).toBe('{"[EMAIL_1]":"x"}');
    const key = JSON.stringify({ key: pem() });
    expect(redactor().jsonText(key)).toBe('{"key":"[PRIVATE_KEY_1]"}');
  });

  test('texts in it may be long, and escaped', () => {
    for (const [piece, times] of [
      ['a', 20_000_000],
      ['\\"', 10_000_000],
      ['\\\\', 10_000_000],
    ] as const) {
      const text = piece.repeat(times);
      const out = redactor().jsonText(`{"text":"${text}","to":"a@b.io"}`);
      // No comparison of jest: it would print them.
      expect(out === `{"text":"${text}","to":"[EMAIL_1]"}`).toBe(true);
    }
  });

  test('what is none is a text', () => {
    expect(redactor().jsonText('{"to": "a@b.io"')).toBe('{"to": "[EMAIL_1]"');
  });

  test('a value without anything is the same value', () => {
    const value = { a: [1, 'b', { c: null }], d: true };
    expect(redactor().json(value)).toBe(value);
    expect(redactor().json({ a: [1, 'a@b.io'] })).toEqual({ a: [1, '[EMAIL_1]'] });
  });
});

describe('a placeholder', () => {
  test('is none of those that a client wrote', () => {
    const book = new PlaceholderBook();
    book.reserve('what is [EMAIL_1]?');
    expect(new Redactor(all, book).text('a@b.io')).toBe('[EMAIL_2]');
    expect(book.valueOf('[EMAIL_1]')).toBeUndefined();
  });
});

describe('a pattern of an operator', () => {
  test.each<[string, string, RegExp]>([
    ['is no regular expression', 'a(', /TICKET can't be used/],
    ['matches nothing', 'a*', /without a character/],
    ['repeats a repetition', '(a+)+b', /forever/],
    ['repeats a choice', '(a|aa)*b', /forever/],
    ['repeats a repetition further inside', '(?:x(?:a{2,})y)+', /forever/],
    ['repeats a choice a number of times', '(?:a|a){30}x', /forever/],
    ['repeats a choice further inside', '(?:(?:a|a)){30}x', /forever/],
    ['repeats a repetition a number of times', '(a+){20}', /forever/],
  ])('that %s is refused by name', (_what, match, said) => {
    expect(() => ownDetector({ name: 'TICKET', match })).toThrow(said);
  });

  test.each([
    'INC-\\d{6}',
    '(?:\\d{3}-){2}\\d+',
    '[(*+]+x',
    '\\(a+\\)+',
    '(foo|bar)\\d+',
    'a{2,3}b+',
    '(?:a+){1}b',
  ])('%s can be used', (match) => {
    expect(repetitionProblem(match)).toBeUndefined();
  });

  test('may leave capitals out of account', () => {
    const own = ownDetector({ name: 'NAME', match: 'project falcon', ignoreCase: true });
    expect(new Redactor([own], new PlaceholderBook()).text('Project FALCON')).toBe('[NAME_1]');
  });
});

test.each([
  'a',
  '1',
  'a.',
  'A1',
  '4 ',
  '-----BEGIN PRIVATE KEY-----',
  'eyJ-',
  'eyJ.',
  '.eyJaaaaaaaaaaaaa',
  'sk-',
  '-',
])('a text of 8 MB is looked through in no time: %s, again and again', (piece) => {
  const text = piece.repeat(Math.ceil(8_000_000 / piece.length));
  const before = performance.now();
  redacted(text);
  expect(performance.now() - before).toBeLessThan(15_000);
});

test.each(['.eyJ', 'eyJ', 'a.eyJ', 'sk-', 'a@'])(
  'what comes after %s may be longer than a pattern can match',
  (beginning) => {
    const text = `${beginning}${'a'.repeat(20_000_000)} a@b.io`;
    expect(redacted(text).slice(-9)).toBe('[EMAIL_1]');
  },
);
