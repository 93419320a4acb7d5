import { expect, test } from '@jest/globals';
import { GatewayError } from '@cliproxy/plugin-api';
import { isOwnFault } from './own-fault.ts';

test.each<readonly [string, unknown, boolean]>([
  ['an error of the language', new TypeError('x is not a function'), true],
  ['one of another realm', { name: 'RangeError', message: 'too deep' }, true],
  ['a broken contract', new GatewayError('PLUGIN_FAULT', 'junk'), true],
  ['nothing at all', undefined, true],
  ['a text', 'no', true],
  ['a sentence about the upstream', new Error('the service is down'), false],
  ['a failure that is told properly', new GatewayError('UPSTREAM_ERROR', 'down'), false],
  ['the network', new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') }), false],
  [
    'a trap',
    new Proxy(
      {},
      {
        get() {
          throw new Error('trap');
        },
      },
    ),
    true,
  ],
])('%s', (_what, thrown, own) => {
  expect(isOwnFault(thrown)).toBe(own);
});
