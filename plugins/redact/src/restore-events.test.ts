import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ModelEvent, Part } from '@cliproxy/plugin-api';
import { PlaceholderBook } from './placeholder-book.ts';
import { restoreEvents } from './restore-events.ts';

const VALUES = ['alice@example.com', 'a "quoted"\nvalue \\ of two lines', 'x'];

function book(): PlaceholderBook {
  const made = new PlaceholderBook();
  for (const value of VALUES) made.placeholderFor('EMAIL', value);
  made.placeholderFor('API_KEY', 'k-1');
  return made;
}

/** The text of a block whose pieces came as they are cut here. */
function restored(
  part: Part,
  pieces: readonly string[],
  textIsJson = false,
  close: Partial<Extract<ModelEvent, { type: 'close' }>> = {},
): { readonly text: string; readonly events: readonly ModelEvent[] } {
  const transform = restoreEvents(book(), textIsJson);
  const events: ModelEvent[] = [
    { type: 'open', index: 3, part },
    ...pieces.map((text): ModelEvent => ({ type: 'delta', index: 3, text })),
    { type: 'close', index: 3, ...close },
  ].flatMap((event) => transform.push(event as ModelEvent));
  const text = events
    .map((event) => {
      if (event.type === 'delta') return event.text;
      if (event.type !== 'open') return '';
      return event.part.type === 'tool-call' ? event.part.argumentsJson : textOf(event.part);
    })
    .join('');
  return { text, events };
}

const textOf = (part: Part): string => ('text' in part ? part.text : '');
const text: Part = { type: 'text', text: '' };
const toolCall: Part = { type: 'tool-call', id: 'c', name: 'send', argumentsJson: '' };

/** What stands between placeholders, with much of what may be taken for their beginning. */
const words = fc.array(
  fc.constantFrom(
    '[',
    ']',
    '[EMAIL_',
    '[EMAIL_1',
    '[E',
    'EMAIL_1]',
    '[EMAIL_9]',
    '[[',
    ' and ',
    'é',
    '1',
    '_',
  ),
  { maxLength: 6 },
);
const placeholders = fc.constantFrom('[EMAIL_1]', '[EMAIL_2]', '[EMAIL_3]', '[API_KEY_1]');
const answer = fc
  .array(
    fc.tuple(
      words.map((some) => some.join('')),
      placeholders,
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((pairs) => pairs.flat().join(''));

function cut(whole: string, places: readonly number[]): string[] {
  const at = [...new Set(places.map((place) => place % (whole.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, index) => whole.slice(start, at[index] ?? whole.length));
}

const known: Readonly<Record<string, string>> = {
  '[EMAIL_1]': VALUES[0] as string,
  '[EMAIL_2]': VALUES[1] as string,
  '[EMAIL_3]': VALUES[2] as string,
  '[API_KEY_1]': 'k-1',
};
const expected = (whole: string, write: (value: string) => string = (value) => value): string =>
  whole.replaceAll(/\[(?:EMAIL_[123]|API_KEY_1)\]/g, (found) => write(known[found] ?? found));
const escaped = (value: string): string => JSON.stringify(value).slice(1, -1);

describe('however an answer is cut', () => {
  test('its text is restored the same', () => {
    fc.assert(
      fc.property(answer, fc.array(fc.nat()), (whole, places) => {
        expect(restored(text, cut(whole, places)).text).toBe(expected(whole));
      }),
      { numRuns: 1_000 },
    );
  });

  test('arguments of tools are, as JSON', () => {
    fc.assert(
      fc.property(answer, fc.array(fc.nat()), (said, places) => {
        const whole = JSON.stringify({ said });
        const args = restored(toolCall, cut(whole, places)).text;
        expect(args).toBe(expected(whole, escaped));
        expect(JSON.parse(args)).toEqual({ said: expected(said) });
      }),
      { numRuns: 500 },
    );
  });

  test('at every single place', () => {
    const whole = 'to [EMAIL_1][EMAIL_2] or [EMAIL_] [EMAIL_9] [API_KEY_1]';
    for (let at = 0; at <= whole.length; at++) {
      expect(restored(text, [whole.slice(0, at), whole.slice(at)]).text).toBe(expected(whole));
    }
  });
});

describe('an answer', () => {
  test('is passed on at once where nothing may be a placeholder', () => {
    const { events } = restored(text, ['a', 'b[', '0]']);
    expect(events.filter(({ type }) => type === 'delta')).toMatchObject([
      { text: 'a' },
      { text: 'b' },
      { text: '[0]' },
    ]);
  });

  test('that ends inside of what might be one is whole', () => {
    expect(restored(text, ['see [EMAIL_']).text).toBe('see [EMAIL_');
  });

  test('may come with the opening of its block', () => {
    expect(restored({ type: 'text', text: 'hi [EMAIL_1' }, [']!']).text).toBe(
      'hi alice@example.com!',
    );
    const call = { ...toolCall, argumentsJson: '{"a":"[EMAIL_2]"}' };
    expect(JSON.parse(restored(call, []).text)).toEqual({ a: VALUES[1] });
  });

  test('that thinks, and one that declines, are restored as well', () => {
    expect(restored({ type: 'reasoning', text: '' }, ['[EMAIL_3]']).text).toBe('x');
    expect(restored({ type: 'refusal', text: '' }, ['[EMAIL_3]']).text).toBe('x');
  });

  test('that was asked for as JSON stays JSON', () => {
    const { text: said } = restored(text, ['{"a":"[EMAIL_2]"}'], true);
    expect(JSON.parse(said)).toEqual({ a: VALUES[1] });
  });

  test('free text of a tool is no JSON', () => {
    expect(restored({ ...toolCall, kind: 'custom' }, ['[EMAIL_2]']).text).toBe(VALUES[1]);
  });

  test('has its citations moved', () => {
    const said = 'ask [EMAIL_1] now';
    const whole = 'ask alice@example.com now';
    const url = 'https://example.com';
    const start = said.indexOf('[');
    const { events } = restored(text, cut(said, [7]), false, {
      citations: [
        { url, start: 0, end: 3 },
        { url, start, end: start + '[EMAIL_1]'.length },
        { url, start: said.length - 3, end: said.length },
      ],
    });
    const close = events.at(-1);
    const cited = close?.type === 'close' ? close.citations : [];
    expect(cited?.map((one) => whole.slice(one.start, one.end))).toEqual([
      'ask',
      'alice@example.com',
      'now',
    ]);
  });

  test('with media is left alone', () => {
    const media: Part = { type: 'media', mediaType: 'image/png', source: { base64: 'AAAA' } };
    expect(restored(media, []).events[0]).toEqual({ type: 'open', index: 3, part: media });
  });
});
