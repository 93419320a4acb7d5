import { expect, test } from '@jest/globals';
import { namedModels, slugOf, spellings } from './slug.ts';

test.each([
  ['ClaudeSonnet4_5', 'claude-sonnet-4-5'],
  ['GPT5', 'gpt-5'],
  ['GPT5_4', 'gpt-5-4'],
  ['Gemini2_5Pro', 'gemini-2-5-pro'],
  ['GLM4_6', 'glm-4-6'],
  ['O3', 'o3'],
  ['gpt_5_4', 'gpt-5-4'],
  ['gpt-4o', 'gpt-4o'],
  ['claude-sonnet-4.5', 'claude-sonnet-4-5'],
  ['anthropic/claude-opus-4.1', 'anthropic-claude-opus-4-1'],
])('%s is called %s', (id, slug) => {
  expect(slugOf(id)).toBe(slug);
});

test('a family means its newest', () => {
  const ids = ['claude-sonnet-4-5', 'claude-sonnet-4-10', 'claude-sonnet-3-7', 'GPT5', 'GPT5_4'];
  const names = new Map(namedModels(ids).map(({ name, upstreamId }) => [name, upstreamId]));
  expect(names.get('ctonew-claude-sonnet')).toBe('claude-sonnet-4-10');
  expect(names.get('ctonew-claude-sonnet-4')).toBe('claude-sonnet-4-10');
  expect(names.get('ctonew-claude-sonnet-3')).toBe('claude-sonnet-3-7');
  expect(names.get('ctonew-claude-sonnet-4-5')).toBe('claude-sonnet-4-5');
  // A whole name goes before a family of that name.
  expect(names.get('ctonew-gpt-5')).toBe('GPT5');
  expect(names.get('ctonew-gpt')).toBe('GPT5_4');
});

test('two ids of one name: the first', () => {
  expect(namedModels(['GPT5', 'gpt-5'])).toContainEqual({
    name: 'ctonew-gpt-5',
    upstreamId: 'GPT5',
  });
});

test.each([
  ['ctonew-claude-sonnet', 'ctonew-claude-sonnet'],
  ['claude-sonnet-4-5-20250929', 'ctonew-claude-sonnet-4-5'],
  ['gpt-5-2025-08-07', 'ctonew-gpt-5'],
  ['gpt-5-latest', 'ctonew-gpt-5'],
  ['GPT5', 'ctonew-gpt-5'],
])('%s may be listed as %s', (asked, name) => {
  expect(spellings(asked)).toContain(name);
});

test.each(['gpt-5-mini', 'claude-sonnet-4-5-thinking'])('%s is no other model', (asked) => {
  expect(new Set(spellings(asked))).toEqual(new Set([`ctonew-${asked}`]));
});
