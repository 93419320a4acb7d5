import { expect, test } from '@jest/globals';
import { settingsFor } from '../../test/fake-instances.ts';
import { accountSettingsOf } from './account-settings.ts';

test('by key before label before all; what all have holds where there is nothing of its own', () => {
  const [plugin] = settingsFor(['one']).plugins;
  const accounts = {
    '*': { maxConcurrent: 4, weight: 2 },
    'key-1': { weight: 9 },
    '***two': { priority: -1, maxConcurrent: 1 },
    '***one': { weight: 50 },
  };
  const of = accountSettingsOf([{ ...plugin!, accounts }]);
  expect(of('one', { id: 'one/key-1', label: '***one' })).toEqual({ maxConcurrent: 4, weight: 9 });
  expect(of('one', { id: 'one/key-2', label: '***two' })).toEqual({
    maxConcurrent: 1,
    weight: 2,
    priority: -1,
  });
  expect(of('one', { id: 'one/constructor', label: '' })).toEqual(accounts['*']);
  expect(of('other', { id: 'other/key-1', label: '' })).toBeUndefined();
});
