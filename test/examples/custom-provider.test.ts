import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { errorTable, upstreamCodes } from '@cliproxy/plugin-api';

const root = path.resolve(import.meta.dirname, '../..');
const example = path.join(root, 'docs/examples/custom-provider');
let copy: string;

beforeAll(() => {
  copy = path.join(mkdtempSync(path.join(os.tmpdir(), 'cliproxy-example-')), 'acme');
  cpSync(example, copy, { recursive: true, filter: (file) => path.basename(file) !== 'dist' });
  // What `npm install` brings is what the workspace has.
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
});
afterAll(() => rmSync(path.dirname(copy), { recursive: true }));

const node = (...args: readonly string[]): string =>
  execFileSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });

test('copied out, it is compiled by its own settings, and its exports lead somewhere', () => {
  node(path.join(root, 'node_modules/@typescript/native/bin/tsc'));
  const script = `
    const { default: plugin } = await import('cliproxy-plugin-acme');
    const { default: conformance } = await import('cliproxy-plugin-acme/conformance');
    console.log(plugin.$$type, conformance.errors.length);`;
  expect(node('--input-type=module', '--eval', script).trim()).toBe('@cliproxy/plugin 9');
}, 60_000);

test('its README names every file of it, and has its table of errors', () => {
  const page = readFileSync(path.join(example, 'README.md'), 'utf8');
  const files = readdirSync(path.join(example, 'src'));
  expect(files.filter((file) => !page.includes(`](src/${file})`))).toEqual([]);
  const told = [...page.matchAll(/^\| (\d+) +\| `(\w+)` +\| .*\| `([\w-]+)` +\|$/gmu)].map(
    ([, status = '', code = '', kind = '']) => `[${status}, '${code}', '${kind}']`,
  );
  const source = readFileSync(path.join(example, 'src/failure.ts'), 'utf8');
  const table = [...source.matchAll(/^ {2}(\[\d+, .*\]),$/gmu)].map(([, row]) => row);
  expect(told).toEqual(table);
  expect(Object.values(upstreamCodes).every((code) => code in errorTable)).toBe(true);
});
