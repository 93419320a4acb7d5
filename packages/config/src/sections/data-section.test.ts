import { expect, test } from '@jest/globals';
import { readData } from './data-section.ts';

test.each([
  [{}, '/etc/app', { folder: '/etc/app/.cliproxy/data' }],
  [{}, '/home/me/.cliproxy', { folder: '/home/me/.cliproxy/data' }],
  [{ folder: 'kept' }, '/home/me/.cliproxy', { folder: '/home/me/.cliproxy/kept' }],
  [
    { folder: '/var/lib/cliproxy', keyFile: '../keys/vault' },
    '/etc/app',
    { folder: '/var/lib/cliproxy', keyFile: '/etc/keys/vault' },
  ],
])('%j of a file in %s', (section, baseDir, expected) => {
  expect(readData(section, baseDir)).toEqual(expected);
});
