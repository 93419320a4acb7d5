import { expect, test } from '@jest/globals';
import { upstreamFault } from './upstream-fault.ts';

const ORIGIN = 'https://127.0.0.1:11434';

test('an https:// address of a service without TLS: what to try', () => {
  const error = Object.assign(new Error('0A:error:SSL routines:wrong version number:x.c:3:\n'), {
    code: 'ERR_SSL_WRONG_VERSION_NUMBER',
  });
  const { code, message } = upstreamFault(error, ORIGIN, false);
  expect(code).toBe('UPSTREAM_UNREACHABLE');
  expect(message).toBe(
    `no connection to ${ORIGIN}: it does not speak TLS; should the address begin with http://? (ERR_SSL_WRONG_VERSION_NUMBER)`,
  );
});

test.each([
  ['bad\ncertificate:\n', 'bad certificate:'],
  [' \n', 'it gave no reason'],
])('an unknown reason %j stays one line', (reason, told) => {
  const { message } = upstreamFault(new Error(reason), ORIGIN, false);
  expect(message).toBe(`no connection to ${ORIGIN}: ${told}`);
});
