import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openWorkshop, type Workshop } from '../../test/plugin-workshop.ts';
import { changedSince } from './changed-since.ts';

let shop: Workshop;
beforeEach(() => {
  shop = openWorkshop();
});
afterEach(() => shop.remove());

test('a file that is listed and not there when it is looked at has changed', () => {
  const folder = shop.add({ id: 'foo' });
  const entry = join(folder, 'index.js');
  const future = Date.now() + 60_000;
  expect(changedSince(entry, future)).toBeUndefined();
  expect(changedSince(entry, 0)).toContain(folder);
  if (process.platform !== 'linux') return;
  // Under the name that it is listed by, which is no text, there is none.
  writeFileSync(
    Buffer.concat([Buffer.from(`${folder}/gone-`), Buffer.from([0xff]), Buffer.from('.js')]),
    '',
  );
  expect(changedSince(entry, future)).toBe(join(folder, 'gone-\uFFFD.js'));
});
