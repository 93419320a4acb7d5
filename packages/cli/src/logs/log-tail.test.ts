import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LogTail } from './log-tail.ts';

let folder: string;
let file: string;
let tail: LogTail;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'cliproxy-tail-'));
  file = path.join(folder, 'a.log');
  tail = new LogTail(file);
});
afterEach(async () => {
  await tail.close();
  rmSync(folder, { recursive: true });
});

const any = (): boolean => true;

function rotate(): void {
  for (const index of [2, 1]) {
    try {
      renameSync(`${file}.${index}`, `${file}.${index + 1}`);
    } catch {
      // Not there yet.
    }
  }
  renameSync(file, `${file}.1`);
}

test('the last lines come from older files where the newest has too few', async () => {
  writeFileSync(`${file}.2`, 'one\ntwo\n');
  writeFileSync(`${file}.1`, 'three\n');
  writeFileSync(file, 'four\nfive\nhalf');
  expect(await tail.last(4, any)).toEqual(['two', 'three', 'four', 'five']);
  const other = new LogTail(file);
  expect(await other.last(2, (line) => line.includes('o'))).toEqual(['two', 'four']);
  await other.close();
  appendFileSync(file, ' a line\n');
  expect(await tail.next()).toEqual(['half a line']);
});

test('no line is lost or told twice while files are put aside', async () => {
  writeFileSync(file, '0\n');
  const seen = [...(await tail.last(10, any))];
  let written = 1;
  for (const rotations of [0, 1, 2, 1, 3, 0]) {
    for (let count = 0; count <= rotations; count += 1) {
      if (count > 0) {
        appendFileSync(file, `${written++}\n`);
        rotate();
      }
      appendFileSync(file, `${written++}\n`);
    }
    seen.push(...(await tail.next()));
  }
  expect(seen).toEqual(Array.from({ length: written }, (_, index) => String(index)));
});

test('a file that is not there yet, and one that is emptied', async () => {
  expect(await tail.last(10, any)).toEqual([]);
  writeFileSync(file, 'one\n');
  expect(await tail.next()).toEqual(['one']);
  truncateSync(file);
  expect(await tail.next()).toEqual([]);
  appendFileSync(file, 'two\n');
  expect(await tail.next()).toEqual(['two']);
});
