import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { format, resolveConfig } from 'prettier';
import { COMBINATIONS, nameOf } from './combinations.ts';
import { build, runNode, runTests } from './run-node.ts';
import { root, writeCombination } from './write-combination.ts';

// All are compiled; some are run. `node test/create/all.mjs` runs all of them with all their tests.
let parent: string;
const folders = new Map<string, string>();
beforeAll(() => {
  parent = mkdtempSync(path.join(os.tmpdir(), 'cliproxy-create-'));
  for (const one of COMBINATIONS) folders.set(nameOf(one), writeCombination(parent, one));
});
afterAll(() => rmSync(parent, { recursive: true }));

test('every package compiles by its own strict settings', async () => {
  const [any = ''] = folders.values();
  const { compilerOptions } = JSON.parse(readFileSync(path.join(any, 'tsconfig.json'), 'utf8'));
  const config = path.join(parent, 'tsconfig.json');
  const options = { ...compilerOptions, rootDir: '.', noEmit: true, noUnusedLocals: true };
  const typeRoots = [path.join(root, 'node_modules/@types')];
  writeFileSync(
    config,
    JSON.stringify({ include: ['*/src'], compilerOptions: { ...options, typeRoots } }),
  );
  const tsc = path.join(root, 'node_modules/@typescript/native/bin/tsc');
  expect(await runNode(parent, [tsc, '-p', config])).toEqual({ code: 0, out: '', err: '' });
}, 120_000);

test('nothing of a template is left in a package, and its sources are formatted', async () => {
  const settings = await resolveConfig(path.join(root, 'packages/create-plugin/src/index.ts'));
  for (const [name, folder] of folders) {
    for (const file of ['README.md', 'package.json', 'cliproxy.example.yaml', 'src/index.ts']) {
      const text = readFileSync(path.join(folder, file), 'utf8');
      expect({ name, file, left: /«|»|<!-- section/u.exec(text)?.[0] }).toEqual({ name, file });
    }
    for (const file of [
      'src/index.ts',
      'src/executor.ts',
      'src/authenticator.ts',
      'src/models.ts',
    ]) {
      const text = readFileSync(path.join(folder, file), 'utf8');
      const formatted = await format(text, { ...settings, filepath: file });
      expect({ name, file, text }).toEqual({ name, file, text: formatted });
    }
  }
}, 120_000);

test('it survives all that the contract asks of it, and `npm run check` says so', async () => {
  const folder = folders.get('events-oauth') ?? '';
  expect((await build(folder)).code).toBe(0);
  const checked = await runNode(folder, ['check.mjs']);
  expect(checked.out).toContain('Level reached: it survives');
  expect(checked.code).toBe(0);
  const badge = readFileSync(path.join(folder, 'conformance.svg'), 'utf8');
  expect(badge).toContain('survives');
}, 240_000);

test.each(['wire-gemini-token', 'preset-oauth'])(
  '%s: a question through a whole gateway is answered',
  async (name) => {
    const folder = folders.get(name) ?? '';
    expect((await build(folder)).code).toBe(0);
    const { code, err } = await runTests(folder, 'gateway');
    expect({ code, err }).toMatchObject({ code: 0 });
  },
  120_000,
);
