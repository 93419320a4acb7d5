import { createRequire } from 'node:module';
import { expect, test } from '@jest/globals';

const require = createRequire(import.meta.url);
const { suits } = require('../../bin/prepare.cjs') as {
  readonly suits: (version: string, range: string) => boolean;
};
const { engines } = require('../../package.json') as { engines: { node: string } };

test.each([
  ['18.20.0', false],
  ['20.18.3', false],
  ['20.19.0', true],
  ['21.7.3', false],
  ['22.12.0', false],
  ['22.13.0', true],
  ['23.11.0', false],
  ['24.0.0', true],
  ['26.1.0', true],
])('the launcher on Node %s: %s, as package.json says', (version, expected) => {
  expect(suits(version, engines.node)).toBe(expected);
});
