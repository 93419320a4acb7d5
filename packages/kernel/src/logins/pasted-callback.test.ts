import { expect, test } from '@jest/globals';
import { readPaste } from './pasted-callback.ts';

test.each([
  ['http://localhost:1455/auth/callback?code=c%20d&state=s', { code: 'c d', state: 's' }],
  ['  HTTPS://vendor.example/done#code=c&state=s\n', { code: 'c', state: 's' }],
  ['https://vendor.example/done?code=c', { code: 'c' }],
  ['?code=c&state=s', { code: 'c', state: 's' }],
  ['/auth/callback?code=c&state=s', { code: 'c', state: 's' }],
  ['code=c&code=d&state=s', { code: 'c', state: 's' }],
  ['error=access_denied&state=s', { error: 'access_denied', state: 's' }],
  ['c#other', { code: 'c', state: 'other' }],
  ['ac_1234-xyz', { code: 'ac_1234-xyz', state: 'own' }],
  ['', undefined],
  ['#s', undefined],
  ['not a code', undefined],
  ['http://', undefined],
])('%j', (text, query) => {
  expect(readPaste(text, 'own')).toEqual(query);
});
