import { describe, expect, test } from '@jest/globals';
import { nearest } from './did-you-mean.ts';
import { describeProblem } from './describe-problem.ts';
import { parseConfig } from './load-config.ts';

const text = [
  'plugins:',
  '  demo:',
  '    config:',
  '      "a/b": [one, \'two\']',
  '      block: |',
  '        text',
  '      empty:',
  '      flow: { x: "y" }',
  '    required: false',
].join('\n');
const source = parseConfig({ text, file: 'dir/config.yaml', env: {} });
const problem = { code: 'PLUGIN_BAD_CONFIG', message: 'It is wrong.' };

describe('a problem gets the place of', () => {
  test.each([
    ['its value', { pointer: '/plugins/demo/config/a~1b/0' }, '4:15'],
    ['a quoted value, at the quote', { pointer: '/plugins/demo/config/a~1b/1' }, '4:20'],
    ['its key, at the quote', { pointer: '/plugins/demo/config/a~1b', atKey: true }, '4:7'],
    ['a block text', { pointer: '/plugins/demo/config/block' }, '6:1'],
    ['the key of an empty value', { pointer: '/plugins/demo/config/empty' }, '7:7'],
    ['a flow mapping', { pointer: '/plugins/demo/config/flow' }, '8:13'],
    ['a value in it', { pointer: '/plugins/demo/config/flow/x' }, '8:18'],
    ['the nearest key, where it is absent', { pointer: '/plugins/demo/config/none/x' }, '3:5'],
    ['the whole', { pointer: '' }, '1:1'],
    ['its instance', { instanceId: 'demo' }, '2:3'],
    ['a key above an unknown instance', { instanceId: 'other' }, '1:1'],
  ])('%s', (_name, where, place) => {
    expect(describeProblem({ ...problem, ...where }, source)).toBe(
      `dir/config.yaml:${place} It is wrong.`,
    );
  });

  test('nothing, where it has none', () => {
    expect(describeProblem(problem, source)).toBe('dir/config.yaml: It is wrong.');
    const nowhere = { file: 'x.yaml', locate: () => undefined };
    expect(describeProblem({ ...problem, pointer: '/a' }, nowhere)).toBe('x.yaml: It is wrong.');
  });
});

test('the nearest word is one that could be meant', () => {
  const words = ['port', 'host', 'apiKeys', 'x'.repeat(100)];
  expect(nearest('prt', words)).toBe('port');
  expect(nearest('APIKEY', words)).toBe('apiKeys');
  expect(nearest('hots', words)).toBe('host');
  expect(nearest('zzzz', words)).toBeUndefined();
  expect(nearest('', words)).toBeUndefined();
  expect(nearest('x'.repeat(99), words)).toBeUndefined();
});
