import {
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { CommandError } from '../exit-codes.ts';
import { foreignSource } from './npm-lock.ts';
import type { NpmLockPackages } from './npm-lock.ts';
import { npm } from './npm.ts';
import type { PluginSpec } from './plugin-spec.ts';

/** What npm has installed. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** The strongest that npm knows, `sha512-…` as a rule. */
  readonly integrity: string;
}

/** What npm may do: install plain files of what is named, and write down what it was. */
const INSTALL = [
  'install',
  '--ignore-scripts',
  '--save-exact',
  '--omit=dev',
  '--no-audit',
  '--no-fund',
  '--no-bin-links',
  '--install-links',
  '--install-strategy=hoisted',
  '--package-lock',
  '--lockfile-version=3',
  '--no-omit-lockfile-registry-resolved',
  '--no-update-notifier',
  // It names the package at which it stops.
  '--loglevel=silly',
];

/** Where the tarball lies while it is installed: the same on every machine. */
const PACKED = '.packed';
const TARBALL = 'plugin.tgz';

/** What npm writes for itself is other on every machine: it names the registry, and its form is npm's. */
const OF_NPM = [
  PACKED,
  'package.json',
  'package-lock.json',
  path.join('node_modules', '.package-lock.json'),
];

/**
 * Installs a plugin and its dependencies into an empty folder, runs nothing of them, and takes nothing that
 * comes from elsewhere than a registry.
 *
 * @throws CommandError that names what is refused and why.
 */
export async function installPackage(
  spec: PluginSpec,
  folder: string,
  note: (text: string) => void,
): Promise<InstalledPackage> {
  await writeFile(path.join(folder, 'package.json'), '{ "private": true }\n');
  const source = await sourceOf(spec, folder, note);
  const shown = spec.kind === 'registry' ? source : path.basename(pathOf(spec));
  note(`installing ${shown} (npm install --ignore-scripts) …`);
  await npm([...INSTALL, source], { cwd: folder });
  const json = await readJson(path.join(folder, 'package.json'));
  const [name = ''] = Object.keys(json['dependencies'] ?? {});
  const lock = await readJson(path.join(folder, 'package-lock.json'));
  const packages = (lock['packages'] ?? {}) as NpmLockPackages;
  const foreign = foreignSource(
    packages,
    spec.kind === 'registry' ? undefined : `file:${PACKED}/${TARBALL}`,
  );
  if (foreign !== undefined) {
    throw new CommandError(
      `${shown} is not added: ${foreign}. Its author has to publish it, or to bundle it`,
      { code: 'PLUGIN_INTEGRITY' },
    );
  }
  const { version, integrity } = packages[`node_modules/${name}`] ?? {};
  if (typeof version !== 'string' || typeof integrity !== 'string') {
    throw new CommandError(
      `npm has not said what it installed of ${shown}: neither version nor integrity are in its lock file`,
    );
  }
  if (spec.kind === 'registry' && (spec.name !== name || spec.version !== version)) {
    throw new CommandError(`npm installed ${name} ${version} in the place of ${source}`);
  }
  for (const file of OF_NPM) await rm(path.join(folder, file), { recursive: true, force: true });
  const strongest = integrity.split(' ').find((one) => one.startsWith('sha512-')) ?? integrity;
  return { name, version, integrity: strongest };
}

function pathOf(spec: Exclude<PluginSpec, { readonly kind: 'registry' }>): string {
  return spec.kind === 'tarball' ? spec.file : spec.folder;
}

async function sourceOf(
  spec: PluginSpec,
  folder: string,
  note: (text: string) => void,
): Promise<string> {
  if (spec.kind === 'registry') return `${spec.name}@${spec.version}`;
  const place = path.join(folder, PACKED);
  await mkdir(place);
  const tarball = path.join(place, TARBALL);
  if (spec.kind === 'tarball') {
    await copyFile(spec.file, tarball);
    return tarball;
  }
  note(`packing ${spec.folder} …`);
  const packed = path.join(place, 'packed');
  await mkdir(packed);
  // Elsewhere: the folder may be the one that all of this is in.
  const copy = await mkdtemp(path.join(os.tmpdir(), 'cliproxy-pack-'));
  try {
    const source = await withoutPrepare(spec.folder, copy);
    const options = ['--ignore-scripts', '--loglevel=error', '--pack-destination', packed];
    await npm(['pack', ...options, source], { cwd: packed });
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
  const [file = ''] = await readdir(packed);
  await rename(path.join(packed, file), tarball);
  return tarball;
}

/** npm up to 10 runs `prepare` of what it packs, whatever it is told: such a folder is packed as a copy. */
async function withoutPrepare(folder: string, copy: string): Promise<string> {
  const json = await readJson(path.join(folder, 'package.json'));
  const { prepare, ...scripts } = (json['scripts'] ?? {}) as Readonly<Record<string, unknown>>;
  if (prepare === undefined) return folder;
  const bundles = json['bundleDependencies'] ?? json['bundledDependencies'];
  const left = new Set(['.git', ...(bundles === undefined ? ['node_modules'] : [])]);
  await cp(folder, copy, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (file) => file === folder || !left.has(path.basename(file)),
  });
  await writeFile(
    path.join(copy, 'package.json'),
    JSON.stringify({ ...json, scripts }, undefined, 2),
  );
  return copy;
}

async function readJson(file: string): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse(await readFile(file, 'utf8')) as Readonly<Record<string, unknown>>;
}
