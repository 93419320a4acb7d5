import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';

const root = path.resolve(import.meta.dirname, '../..');
let copy = '';

beforeAll(() => {
  copy = fs.mkdtempSync(path.join(os.tmpdir(), 'cliproxy-layers-'));
  const skipped = /(?:\.test\.ts|\.tsbuildinfo|[\\/](?:node_modules|dist|coverage))$/u;
  for (const name of [
    ...['package.json', '.dependency-cruiser.cjs', 'tsconfig.json', 'tsconfig.base.json'],
    ...['tsconfig.test.json', 'packages', 'plugins', 'docs/examples', 'test/layers'],
  ]) {
    fs.cpSync(path.join(root, name), path.join(copy, name), {
      recursive: true,
      filter: (source) => !skipped.test(source),
    });
  }
  // Everything installed is the real thing, but our own packages are those of the copy.
  const modules = path.join(root, 'node_modules');
  fs.mkdirSync(path.join(copy, 'node_modules'));
  for (const name of fs.readdirSync(modules)) {
    const target = path.join(copy, 'node_modules', name);
    if (name !== '@cliproxy') fs.symlinkSync(path.join(modules, name), target);
    else fs.cpSync(path.join(modules, name), target, { recursive: true, verbatimSymlinks: true });
  }
});

afterAll(() => fs.rmSync(copy, { recursive: true, force: true }));

const planted: string[] = [];
afterEach(() => {
  for (const file of planted.splice(0)) fs.rmSync(file);
});

function plant(file: string, text: string): void {
  const full = path.join(copy, file);
  expect(fs.existsSync(full)).toBe(false);
  fs.writeFileSync(full, text);
  planted.push(full);
}

function check(): Promise<{ readonly failed: boolean; readonly output: string }> {
  return new Promise((resolve) => {
    execFile('npm', ['run', '--silent', 'check:layers'], { cwd: copy }, (error, out, problems) =>
      resolve({ failed: error !== null, output: out + problems }),
    );
  });
}

const WAIT_MS = 120_000;

test(
  'the tree as it is passes',
  async () => {
    const { failed, output } = await check();
    expect(output).toContain('no dependency violations found');
    expect(output).toContain('the kernel names no provider');
    expect(failed).toBe(false);
  },
  WAIT_MS,
);

const imports: readonly (readonly [string, string, string, string])[] = [
  [
    'a plugin that imports the kernel',
    'plugins/echo/src/planted.ts',
    `import { createKernel } from '@cliproxy/kernel';\nexport const planted = createKernel;\n`,
    'plugins-know-only-the-contract',
  ],
  [
    "a plugin that imports the kernel's types",
    'plugins/echo/src/planted.ts',
    `import type { Kernel } from '@cliproxy/kernel';\nexport type Planted = Kernel;\n`,
    'plugins-know-only-the-contract',
  ],
  [
    'a plugin that imports another plugin',
    'plugins/echo/src/planted.ts',
    `import other from '@cliproxy/plugin-openai-compatible';\nexport const planted = other;\n`,
    'plugins-know-only-the-contract',
  ],
  [
    "a plugin that reaches into another's folder",
    'plugins/echo/src/planted.ts',
    `export { default as planted } from '../../openai-compatible/src/index.ts';\n`,
    'plugins-know-only-the-contract',
  ],
  [
    'an example that imports the kernel',
    'docs/examples/custom-provider/src/planted.ts',
    `import { createKernel } from '@cliproxy/kernel';\nexport const planted = createKernel;\n`,
    'examples-know-what-is-published',
  ],
  [
    'the kernel importing a plugin',
    'packages/kernel/src/planted.ts',
    `import other from '@cliproxy/plugin-echo';\nexport const planted = other;\n`,
    'kernel-knows-only-the-contract',
  ],
  [
    'protocols running code of the kernel',
    'packages/protocols/src/planted.ts',
    `import { createKernel } from '@cliproxy/kernel';\nexport const planted = createKernel;\n`,
    'protocols-uses-ports-as-types',
  ],
  [
    'a dialect that knows the hub',
    'packages/protocols/src/gemini/planted.ts',
    `export { createDialects as planted } from '../hub/dialects.ts';\n`,
    'dialects-below-the-hub',
  ],
  [
    'tsyringe in another room of the kernel',
    'packages/kernel/src/dispatch/planted.ts',
    `import { container } from 'tsyringe';\nexport const planted = container;\n`,
    'tsyringe-lives-in-the-kernel',
  ],
];

test.each(imports)(
  'found: %s',
  async (_name, file, text, rule) => {
    plant(file, text);
    const { failed, output } = await check();
    expect(output).toContain(`${rule}: ${file}`);
    expect(failed).toBe(true);
  },
  WAIT_MS,
);

test(
  'found: names of providers in the kernel, but not those in comments and not dialects',
  async () => {
    plant(
      'packages/kernel/src/routing/planted.ts',
      [
        `import type { Dialect } from '@cliproxy/plugin-api';`,
        `// Anthropic's claude is cited here, and may be.`,
        `export const dialects: readonly Dialect[] = ['openai-chat', 'gemini'];`,
        `export const isOne = (dialect: Dialect): boolean => dialect === 'anthropic-messages';`,
        `export const loose = ['gemini'];`,
        `export const model = 'claude-sonnet-4-5';`,
        `export const isGptModel = (name: string): boolean => /^o[13]/u.test(name);`,
        'export const hint = (name: string): string => `ask OpenAI about ${name}`;',
        `export const pattern = /^models\\/gemini-/u;`,
        `export const instance = { 'llmux-chatgpt': true };`,
        `export const open_router = 1;`,
        `export const echo = 1;`,
        `export const allowed = 'a model of another vendor';`,
        '',
      ].join('\n'),
    );
    plant('packages/kernel/src/routing/mistral-routes.ts', 'export const fine = 1;\n');
    const { failed, output } = await check();
    expect(failed).toBe(true);
    const found = [...output.matchAll(/^packages\/kernel\/src\/routing\/([\w.-]+):(\d+):/gmu)];
    expect(found.map(([, file, line]) => `${file} ${line}`).sort()).toEqual(
      [4, 5, 6, 7, 8, 9, 10, 11, 12]
        .map((line) => `planted.ts ${line}`)
        .concat('mistral-routes.ts 0')
        .sort(),
    );
  },
  WAIT_MS,
);
