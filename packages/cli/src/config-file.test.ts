import { expect, test } from '@jest/globals';
import { parseConfig } from '@cliproxy/config';
import { instanceNamed } from './config-file.ts';

const config = parseConfig({
  text: JSON.stringify({
    server: { apiKeys: ['a-client-key'], adminKeys: ['an-admin-key'] },
    plugins: { 'webai-proxy': {}, 'llmux-claude': {}, 'llmux-chatgpt': {}, webaix: {}, llm: {} },
  }),
  file: '/here/config.yaml',
  env: {},
});

test.each([
  ['webai-proxy', 'webai-proxy'],
  ['webai', 'webai-proxy'],
  ['webaix', 'webaix'],
  ['llm', 'llm'],
])('%s means %s', (name, instance) => {
  expect(instanceNamed(config, name)).toBe(instance);
});

test.each(['llmux', 'web', 'webai-', 'webay', ''])('%j means no one instance', (name) => {
  expect(() => instanceNamed(config, name)).toThrow(
    /there is no plugin ".*" in \/here\/config\.yaml/,
  );
});
