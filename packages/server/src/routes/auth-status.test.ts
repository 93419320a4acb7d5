import { describe, expect, test } from '@jest/globals';
import type { Kernel } from '@cliproxy/kernel';
import { instanceNamed } from './auth-status.ts';

const kernel = (...mounted: readonly string[]): Kernel => {
  const plugins = mounted.map((each) => {
    const [instanceId, plugin] = each.split(' is ');
    return { instanceId, plugin: plugin ?? instanceId };
  });
  return { health: () => ({ plugins }) } as unknown as Kernel;
};

describe('an instance is found', () => {
  test.each([
    ['by its name', 'some', ['some', 'some-page'], 'some'],
    ['by its plugin', 'some-page', ['mine is some-page', 'other is some-page'], 'mine'],
    ['by its plugin, with slashes', 'some/page', ['mine is some-page'], 'mine'],
    ["by the beginning of its plugin's id", 'some', ['a', 'mine is some-page'], 'mine'],
    ['by it, where two are mounted', 'some', ['a is some-page', 'b is some-page'], 'a'],
    ['by it, up to any dash', 'some-more', ['a is some-more-page'], 'a'],
  ])('%s', (_, name, mounted, expected) => {
    expect(instanceNamed(name, kernel(...mounted)).instanceId).toBe(expected);
  });

  test.each([
    ['one beginning, two plugins', 'some', ['some-a', 'some-b']],
    ['a beginning that ends at no dash', 'so', ['some-a']],
    ['nothing', '', ['some-a']],
  ])('not by %s', (_, name, mounted) => {
    expect(() => instanceNamed(name, kernel(...mounted))).toThrow(
      expect.objectContaining({
        code: 'CLIENT_NOT_FOUND',
        message: expect.stringContaining(mounted.join(', ')),
      }),
    );
  });
});
