import { expect, test } from '@jest/globals';
import { foreignSource } from './npm-lock.ts';
import type { NpmLockEntry } from './npm-lock.ts';

const integrity = `sha512-${'A'.repeat(86)}==`;
const resolved = 'https://registry.example/a/-/a-1.0.0.tgz';

test('packages of a registry, what they bundle, and the file that was given are taken', () => {
  const packages = {
    '': {},
    'node_modules/given': { resolved: 'file:.packed/plugin.tgz', integrity },
    'node_modules/a': { resolved, integrity },
    'node_modules/a/node_modules/@b/c': { inBundle: true },
  };
  expect(foreignSource(packages, 'file:.packed/plugin.tgz')).toBeUndefined();
  expect(foreignSource(packages)).toBe(
    'given comes from a file or folder (file:.packed/plugin.tgz), not from a registry',
  );
});

test.each<[string, NpmLockEntry, string]>([
  [
    'git',
    { resolved: 'git+ssh://me:pass@git.example/x.git#0123' },
    '@b/c comes from git (git+ssh://git.example/x.git), not from a registry',
  ],
  ['a link', { resolved: '../x', link: true }, '@b/c is a link to a folder (../x)'],
  ['a folder', { resolved: 'file:../x' }, '@b/c comes from a file or folder (file:../x)'],
  ['nobody knows', {}, '@b/c comes from a place that npm does not name'],
  ['a bundle within git', { resolved: 'git+file:///x', inBundle: true }, '@b/c comes from git'],
  ['an address without a digest', { resolved }, `@b/c (${resolved}) has no digest`],
])('%s is refused by name', (_what, entry, said) => {
  const packages = { 'node_modules/a': { resolved, integrity } };
  expect(foreignSource({ ...packages, 'node_modules/a/node_modules/@b/c': entry })).toContain(said);
});
