import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GatewayPlugin } from '@cliproxy/plugin-api';
import { pluginOptions } from '@cliproxy/plugin-api/host';
import type { Conformance, ConformanceUpstream } from './conformance.ts';

/** The parts of a manifest that the checks look at; whether it is sound is the first check's affair. */
interface SubjectManifest {
  readonly id: string;
  readonly apiVersion: string;
  readonly entry: string;
  readonly executor: boolean;
  readonly hooks: readonly string[];
  readonly authenticators: readonly string[];
  readonly probes: readonly string[];
  readonly models: readonly { readonly match: string; readonly upstream?: string }[];
  readonly hosts: readonly string[];
}

/** The plugin that is checked. */
export interface Subject {
  readonly plugin: GatewayPlugin;
  readonly packageJson: URL;
  /** Absolute folder of the package, links resolved. */
  readonly folder: string;
  readonly packageName: string;
  readonly version: string;
  readonly manifest: SubjectManifest;
  /** Absolute path of what the manifest calls `entry`; it may not be there. */
  readonly entryFile: string;
  /** JSON Schema of its configuration. */
  readonly schema: Readonly<Record<string, unknown>>;
  readonly told: Conformance;
  /** Settings with the addresses that it talks to, as JSON pointers. */
  readonly addresses: readonly string[];
  /** Whether there is an upstream that a fake can stand in for. */
  readonly hasUpstream: boolean;
  /** It only hooks the requests of others: a plugin of the kit's answers them. */
  readonly hooksOnly: boolean;
}

/** Reads what can be said of a plugin without running it. */
export function subjectOf<U extends ConformanceUpstream>(
  plugin: GatewayPlugin,
  packageJson: URL,
  told: Conformance<U> = {},
): Subject {
  const file = fileURLToPath(packageJson);
  const json = existsSync(file) ? recordOf(JSON.parse(readFileSync(file, 'utf8'))) : {};
  const manifest = manifestOf(json);
  const folder = realpathSync(path.dirname(file));
  const schema = recordOf(pluginOptions(plugin)?.config.json);
  const addresses = manifest.hosts
    .filter((host) => host.startsWith('config:'))
    .map((host) => host.slice('config:'.length));
  const hooksOnly = !manifest.executor && manifest.hooks.length > 0;
  return {
    plugin,
    packageJson,
    folder,
    packageName: textOf(json['name']),
    version: textOf(json['version']),
    manifest,
    entryFile: path.join(folder, manifest.entry),
    schema,
    told: told,
    addresses,
    hasUpstream: told.upstream !== undefined || addresses.length > 0 || hooksOnly,
    hooksOnly,
  };
}

function manifestOf(json: Readonly<Record<string, unknown>>): SubjectManifest {
  const raw = recordOf(json['cliproxyPlugin']);
  const provides = recordOf(raw['provides']);
  return {
    id: textOf(raw['id']),
    apiVersion: textOf(raw['apiVersion']),
    entry: textOf(raw['entry']),
    executor: provides['executor'] === true,
    hooks: textsOf(provides['hooks']),
    authenticators: textsOf(provides['authenticators']),
    probes: textsOf(provides['probes']),
    models: (Array.isArray(provides['models'])
      ? provides['models']
      : []) as SubjectManifest['models'],
    hosts: textsOf(recordOf(raw['permissions'])['hosts']),
  };
}

/** An object as it is; anything else as an empty one. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord ? (value as Readonly<Record<string, unknown>>) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
