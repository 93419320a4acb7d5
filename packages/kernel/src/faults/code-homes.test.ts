import { expect, test } from '@jest/globals';
import { CodeHomes } from './code-homes.ts';

const OWN = '/app/node_modules/@cliproxy';

function homes(): CodeHomes {
  const found = new CodeHomes(OWN);
  found.note('one', '/plugins/one');
  found.note('nested', '/plugins/one/node_modules/nested');
  found.note('left', '/plugins/twin');
  found.note('right', '/plugins/twin');
  found.note('ours', `${OWN}/plugin-ours`);
  found.note('blank', '/plugins/with space');
  return found;
}

function thrown(message: string, ...frames: readonly string[]): Error {
  const error = new Error(message);
  error.stack = `Error: ${message}\n${frames.map((frame) => `    at ${frame}`).join('\n')}`;
  return error;
}

test.each<readonly [string, unknown, unknown]>([
  ['an ES module', thrown('x', 'run (file:///plugins/one/dist/index.js:3:9)'), ['one']],
  ['CommonJS', thrown('x', 'Timeout._onTimeout (/plugins/one/index.cjs:1:1)'), ['one']],
  ['an async frame', thrown('x', 'async file:///plugins/one/index.js:3:9'), ['one']],
  [
    'a folder whose name is written otherwise in an address',
    thrown('x', 'f (file:///plugins/with%20space/index.js:1:1)'),
    ['blank'],
  ],
  [
    'what it depends on, within its folder',
    thrown('x', 'parse (/plugins/one/node_modules/dep/index.js:1:1)'),
    ['one'],
  ],
  [
    'a plugin within the folder of another',
    thrown('x', 'f (/plugins/one/node_modules/nested/index.js:1:1)'),
    ['nested'],
  ],
  ['two instances of one package', thrown('x', 'f (/plugins/twin/i.js:1:1)'), ['left', 'right']],
  ['a plugin of ours', thrown('x', `f (file://${OWN}/plugin-ours/dist/i.js:1:1)`), ['ours']],
  [
    'the kernel, called by a plugin',
    thrown('x', `f (file://${OWN}/kernel/dist/i.js:1:1)`, 'g (file:///plugins/one/i.js:1:1)'),
    ['one'],
  ],
  [
    'the nearest of two',
    thrown('x', 'f (/plugins/twin/i.js:1:1)', 'g (/plugins/one/i.js:1:1)'),
    ['left', 'right'],
  ],
  ['its cause', new Error('x', { cause: thrown('y', 'f (/plugins/one/index.js:1:1)') }), ['one']],
])('%s', (_what, error, instanceIds) => {
  if (error instanceof Error && error.cause !== undefined) error.stack = 'Error: x';
  expect(homes().ownerOf(error)).toEqual({ instanceIds });
});

test('the gateway itself', () => {
  const error = thrown('x', 'node:internal/timers:1:1', `f (file://${OWN}/server/dist/i.js:1:1)`);
  expect(homes().ownerOf(error)).toBe('gateway');
});

test.each<readonly [string, unknown]>([
  ['nothing', undefined],
  ['text', '/plugins/one/index.js'],
  ['no stack', { stack: 7 }],
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
  ],
  ['Node alone', thrown('read ECONNRESET', 'TCP.onStreamRead (node:internal/stream:1:1)')],
  ['a name that begins the same', thrown('x', 'f (/plugins/one-more/index.js:1:1)')],
  ['a message that names a plugin', thrown('in /plugins/one/index.js', 'f (node:fs:1:1)')],
])('nobody: %s', (_what, error) => {
  expect(homes().ownerOf(error)).toBe('unknown');
});
