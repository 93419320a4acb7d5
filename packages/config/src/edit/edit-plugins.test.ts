import { describe, expect, test } from '@jest/globals';
import { editEnabled, editNewPlugin, pluginEntryText } from './edit-plugins.ts';

describe('enabled is written at an instance', () => {
  test.each([
    ['where it stands', 'enabled: true # why', 'enabled: false # why'],
    ['quoted', 'enabled: "true"', 'enabled: false'],
    ['as a reference', "enabled: '${ON}'", 'enabled: false'],
  ])('%s', (_what, before, after) => {
    const text = (line: string): string =>
      `# top\nplugins:\n  a: {}\n\n  # one\n  b:\n    ${line}\n    config: { k: [1, 2] }   # end\n`;
    expect(editEnabled(text(before), 'b', false)).toBe(text(after));
  });

  test.each([
    ['an empty one', 'plugins: { a: {}, b: {  } }', 'plugins: { a: {}, b: { enabled: false } }'],
    [
      'in braces',
      'plugins:\n  b: { config: {} } # c',
      'plugins:\n  b: { enabled: false, config: {} } # c',
    ],
    ['in braces, with it', 'plugins: { b: {enabled: true} }', 'plugins: { b: {enabled: false} }'],
    ['a bare one', 'plugins:\n  b:\n  c:\n', 'plugins:\n  b: { enabled: false }\n  c:\n'],
    [
      'a bare one with a comment',
      'plugins:\n  b: # c\n',
      'plugins:\n  b: { enabled: false } # c\n',
    ],
    ['a null', 'plugins:\n  b: ~\n', 'plugins:\n  b: { enabled: false }\n'],
    ['a quoted key', 'plugins:\n  "b": {}\n', 'plugins:\n  "b": { enabled: false }\n'],
    [
      'as a block',
      'plugins:\n    b:\n        # first\n        package: x\n        config:\n          a: 1\n',
      'plugins:\n    b:\n        # first\n        enabled: false\n        package: x\n        config:\n          a: 1\n',
    ],
    [
      'with a quoted first key, and the line ends of Windows',
      'plugins:\r\n  b:\r\n    "package": x\r\n',
      'plugins:\r\n  b:\r\n    enabled: false\r\n    "package": x\r\n',
    ],
    [
      'a key of the same name elsewhere',
      'plugins:\n  b:\n    config: { enabled: true }\n',
      'plugins:\n  b:\n    enabled: false\n    config: { enabled: true }\n',
    ],
  ])('%s', (_what, before, after) => {
    expect(editEnabled(before, 'b', false)).toBe(after);
  });

  test('not where the instance is missing, or the text is no configuration', () => {
    expect(editEnabled('plugins: { a: {} }', 'b', true)).toBeUndefined();
    expect(editEnabled('plugins: { b: ', 'b', true)).toBeUndefined();
    expect(editEnabled('plugins: { b: [1] }', 'b', true)).toBeUndefined();
    expect(editEnabled('\uFEFFplugins: { b: {} }', 'b', true)).toBeUndefined();
  });
});

describe('a new instance', () => {
  const entry = { package: '@acme/plugin', config: { key: '${KEY}', list: [1, { on: true }] } };
  const lines = [
    'b:',
    '  package: "@acme/plugin"',
    '  config: { key: "${KEY}", list: [1, { "on": true }] }',
  ];

  test('as lines', () => {
    expect(pluginEntryText('b', entry)).toBe(lines.join('\n'));
  });

  const block = (indent: string): string => lines.map((line) => `${indent}${line}\n`).join('');
  test.each([
    [
      'before the others and their comments',
      'plugins: # all\n    # of a\n    a: {}\nlog: {}\n',
      `plugins: # all\n${block('    ')}    # of a\n    a: {}\nlog: {}\n`,
    ],
    ['where there are none', 'plugins:\nlog: {}\n', `plugins:\n${block('  ')}log: {}\n`],
    ['where there is no section', 'log: {}', `log: {}\nplugins:\n${block('  ')}`],
    [
      'in braces',
      'plugins: { a: {} }',
      'plugins: { b: { package: "@acme/plugin", config: { key: "${KEY}", list: [1, { "on": true }] } }, a: {} }',
    ],
  ])('%s', (_what, before, after) => {
    expect(editNewPlugin(before, 'b', entry)).toBe(after);
  });

  test('not over another one', () => {
    expect(editNewPlugin('plugins: { b: {} }', 'b', entry)).toBeUndefined();
    expect(editNewPlugin('{ log: {} }', 'b', entry)).toBeUndefined();
  });
});
