import { expect, test } from '@jest/globals';
import { createContainer } from './container.ts';
import type { Token } from './tokens.ts';

const word: Token<string> = { id: 'word' };
const sentence: Token<{ text: string }> = { id: 'sentence' };

test('things are made once, when first asked for, from what they need', () => {
  const container = createContainer();
  let made = 0;
  container.provide(sentence, (from) => {
    made += 1;
    return { text: `${from.get(word)}!` };
  });
  container.provide(word, () => 'hello');
  expect(made).toBe(0);
  expect(container.get(sentence)).toEqual({ text: 'hello!' });
  expect(container.get({ id: 'sentence' })).toBe(container.get(sentence));
  expect(made).toBe(1);
});

test('a child sees its parent; nobody sees a child', () => {
  const parent = createContainer();
  parent.provide(word, () => 'outer');
  const child = parent.child();
  child.provide(sentence, (from) => ({ text: from.get(word) }));
  expect(child.get(sentence).text).toBe('outer');
  expect(child.has('word')).toBe(false);
  expect(parent.has('sentence')).toBe(false);
  expect(() => parent.get(sentence)).toThrow('nothing provides "sentence"');
  expect(() => parent.child().get(sentence)).toThrow('nothing provides "sentence"');
});

test('two containers share nothing', () => {
  const one = createContainer();
  one.provide(word, () => 'one');
  expect(() => createContainer().get(word)).toThrow('nothing provides "word"');
});

test('a token is provided once, and a circle is named', () => {
  const container = createContainer();
  container.provide(word, (from) => from.get(sentence).text);
  container.provide(sentence, (from) => ({ text: from.get(word) }));
  expect(() => container.provide(word, () => 'again')).toThrow('"word" is provided already');
  expect(() => container.get(word)).toThrow('word → sentence → word');
});

test('what was made is disposed, the last first; what was not, is not', async () => {
  const ended: string[] = [];
  const container = createContainer();
  const end = (name: string) => async (): Promise<void> => void ended.push(name);
  container.provide(word, () => 'a', end('word'));
  container.provide(sentence, (from) => ({ text: from.get(word) }), end('sentence'));
  container.provide({ id: 'unused' }, () => 1, end('unused'));
  container.get(sentence);
  await container.dispose();
  expect(ended).toEqual(['sentence', 'word']);
  expect(() => container.get(word)).toThrow();
});
