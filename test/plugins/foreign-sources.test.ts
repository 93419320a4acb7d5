// Nothing of a plugin runs before it was looked at, wherever it and its dependencies come from.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openWorkshop } from '../process/gateway-process.ts';
import type { Workshop } from '../process/gateway-process.ts';
import { startRegistry } from '../registry/start-registry.ts';
import type { Registry } from '../registry/start-registry.ts';
import { writeThirdParty } from './third-party.ts';

let shop: Workshop;
let registry: Registry;
let file: string;
/** A script that leaves this behind has run. */
let trace: string;

beforeAll(async () => {
  shop = openWorkshop();
  trace = path.join(shop.dir, 'ran');
  registry = await startRegistry({
    packages: [path.resolve(import.meta.dirname, '../../packages/plugin-api')],
  });
  file = shop.config('server: { port: 0 }\n');
}, 60_000);

afterAll(async () => {
  shop.clear();
  await registry.close();
});

/** A package whose scripts tell that they have run, in a git repository. */
function dependency(more: object): string {
  const folder = path.join(shop.dir, 'dependency');
  const bundled = path.join(folder, 'node_modules', 'bundled');
  mkdirSync(bundled, { recursive: true });
  const script = `node -e "require('fs').writeFileSync(${JSON.stringify(trace).replaceAll('"', "'")},'')"`;
  const scripts = { prepare: script, preinstall: script, install: script, postinstall: script };
  const json = { name: 'dependency', version: '1.0.0', scripts, ...more };
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(json));
  writeFileSync(path.join(bundled, 'package.json'), '{ "name": "bundled", "version": "1.0.0" }');
  const git = (...args: readonly string[]): void => {
    execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@x.example', ...args], {
      cwd: folder,
    });
  };
  git('init', '--quiet');
  git('add', '--force', '.');
  git('commit', '--quiet', '--message=x');
  return folder;
}

const add = async (folder: string, env: Readonly<Record<string, string>> = {}) => {
  const args = ['plugins', 'add', folder, '--no-check', '--json', '--config', file];
  const { code, stdout } = await shop.run(args, { env: { ...registry.env, ...env } });
  const { error } = JSON.parse(stdout) as { readonly error?: { readonly message: string } };
  return { code, message: error?.message ?? '' };
};

test.each([
  ['git', { bundleDependencies: ['bundled'], dependencies: { bundled: '1.0.0' } }, 'git+file://'],
  ['a folder', {}, 'file:'],
])(
  'a dependency from %s is refused by name, and runs nothing',
  async (_what, more, kind) => {
    const from = `${kind}${dependency(more)}`;
    const plugin = writeThirdParty(path.join(shop.dir, kind.slice(0, 3)), {
      name: 'leaning',
      version: '1.0.0',
      packageJson: { dependencies: { dependency: from } },
    });
    const { code, message } = await add(plugin);
    expect(existsSync(trace)).toBe(false);
    expect(message).toMatch(/\bdependency (?:\(|comes from).*not.* from a registry/u);
    expect(code).toBe(1);
    expect(existsSync(path.join(shop.dir, 'plugins.lock.json'))).toBe(false);
    expect(readdirSync(path.join(shop.dir, '.cliproxy', 'plugins'))).toEqual([]);
  },
  60_000,
);

test('a check of a tarball runs nothing of a dependency from git either', async () => {
  const more = { bundleDependencies: ['bundled'], dependencies: { bundled: '1.0.0' } };
  const plugin = writeThirdParty(path.join(shop.dir, 'checked'), {
    name: 'leaning',
    version: '1.0.0',
    packageJson: { dependencies: { dependency: `git+file://${dependency(more)}` } },
  });
  const pack = ['pack', '--ignore-scripts', '--pack-destination', shop.dir];
  execFileSync('npm', pack, { cwd: plugin, stdio: 'ignore' });
  const tarball = path.join(shop.dir, 'leaning-1.0.0.tgz');
  const args = ['plugins', 'check', tarball, '--level', 'loads', '--json', '--config', file];
  const { code, stdout } = await shop.run(args, { env: registry.env });
  expect(existsSync(trace)).toBe(false);
  expect(stdout).toMatch(/\bdependency \(git.*does not come from a registry/u);
  expect(code).toBe(1);
}, 60_000);

test('a folder is packed without its own scripts', async () => {
  const script = `node -e "require('fs').writeFileSync('${trace}','')"`;
  const plugin = writeThirdParty(path.join(shop.dir, 'own'), {
    name: 'prepared',
    version: '1.0.0',
    packageJson: { scripts: { prepare: script, prepack: script, postpack: script } },
  });
  expect(await add(plugin)).toEqual({ code: 0, message: '' });
  expect(existsSync(trace)).toBe(false);
}, 60_000);

const recorded = (): Readonly<Record<string, { readonly integrity: string }>> => {
  const lock = path.join(shop.dir, 'plugins.lock.json');
  if (!existsSync(lock)) return {};
  const text = readFileSync(lock, 'utf8');
  return (JSON.parse(text) as { plugins: Record<string, { integrity: string }> }).plugins;
};

test('what could not be recorded, or would stand for one of ours, is refused and leaves the others', async () => {
  const before = recorded();
  const names = ['MyPlug', 'gemini'];
  const folders = names.map((name) =>
    writeThirdParty(path.join(shop.dir, 'named'), {
      name,
      version: '1.0.0',
      manifest: { id: 'strange' },
    }),
  );
  const [named, ours] = await Promise.all(folders.map((folder) => add(folder)));
  expect(named?.message).toContain('"MyPlug" is no name that a package can be added by');
  expect(ours?.message).toContain('`package: gemini` means @cliproxy/plugin-gemini');
  expect(recorded()).toEqual(before);
}, 60_000);

test('two at once are both recorded; without links, whatever npm is set up for', async () => {
  const names = ['first', 'second'];
  for (const name of names) {
    await registry.add(
      writeThirdParty(path.join(shop.dir, 'published'), { name, version: '1.0.0' }),
    );
  }
  const linked = { npm_config_install_strategy: 'linked' };
  const done = await Promise.all(names.map((name) => add(`${name}@1.0.0`, linked)));
  expect(done).toEqual(names.map(() => ({ code: 0, message: '' })));
  expect(Object.keys(recorded())).toEqual(expect.arrayContaining(names));
  const [folder = ''] = readdirSync(path.join(shop.dir, '.cliproxy', 'plugins'));
  const listed = readFileSync(
    path.join(shop.dir, '.cliproxy', 'plugins', folder, 'files.txt'),
    'utf8',
  );
  expect(listed).not.toContain('package-lock.json');
}, 60_000);

test('the same version with other content is not taken from a registry in its place', async () => {
  const before = recorded();
  const changed = { name: 'first', version: '1.0.0', says: 'something else' };
  const other = await startRegistry({
    packages: [
      path.resolve(import.meta.dirname, '../../packages/plugin-api'),
      writeThirdParty(path.join(shop.dir, 'changed'), changed),
    ],
  });
  const { code, message } = await add('first@1.0.0', other.env);
  await other.close();
  expect(message).toContain('the registry serves something else than what was added');
  expect(message).toContain('`cliproxy plugins remove first` first');
  expect(code).toBe(1);
  expect(recorded()).toEqual(before);
}, 60_000);

test('an example that refers to the environment is shown, not written into the file', async () => {
  const plugin = writeThirdParty(path.join(shop.dir, 'wanting'), {
    name: 'wanting',
    version: '1.0.0',
  });
  const entry = path.join(plugin, 'lib', 'index.js');
  writeFileSync(
    entry,
    readFileSync(entry, 'utf8').replace("greeting: 'Hi'", "greeting: '${HOME}'"),
  );
  const before = readFileSync(file, 'utf8');
  const args = ['plugins', 'add', plugin, '--no-check', '--enable', '--config', file];
  const { code, stderr } = await shop.run(args, { env: registry.env });
  expect(stderr).toContain('wanting is added, but not enabled');
  expect(stderr).toContain('config: { greeting: "${HOME}" }');
  expect(code).toBe(1);
  expect(readFileSync(file, 'utf8')).toBe(before);
}, 60_000);
