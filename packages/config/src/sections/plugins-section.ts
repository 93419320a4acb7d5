import path from 'node:path';
import type { AccountSettings, PluginSettings, Problem } from '@cliproxy/kernel';
import { deepFreeze } from '../deep-freeze.ts';
import { quoted, toPointer } from '../pointer.ts';
import { maxConcurrent, ratingProperties } from './routing-section.ts';

/** What an instance id looks like; it becomes part of addresses and file names. */
const INSTANCE_ID = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** An entry of `plugins`, validated. */
export interface PluginEntry {
  readonly package?: string;
  readonly enabled: boolean;
  readonly required: boolean;
  readonly experimental: boolean;
  readonly config: unknown;
  readonly isolation: 'none' | 'process';
  readonly memoryLimitMb?: number;
  readonly maxConcurrent?: number;
  readonly accounts?: Readonly<Record<string, AccountSettings>>;
}

/** Schema of one entry of `plugins`. */
export const pluginEntrySchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    package: {
      type: 'string',
      description:
        'Name of the npm package, or path of its folder, relative to this file; by default @cliproxy/plugin-<id>.',
      minLength: 1,
      maxLength: 4096,
    },
    enabled: { type: 'boolean', description: 'Whether to load it.', default: true },
    required: {
      type: 'boolean',
      description: 'Whether the gateway refuses to start without it.',
      default: true,
    },
    experimental: {
      type: 'boolean',
      description:
        'Whether to run it even if it uses experimental parts of the contract, which may change with any version.',
      default: false,
    },
    config: {
      type: 'object',
      description: "The plugin's own configuration.",
      default: {},
    },
    isolation: {
      enum: ['none', 'process'],
      description:
        "process: its code runs in a process of its own, so that what hangs, grows or ends there harms no other instance. none: in the gateway's.",
      default: 'none',
    },
    memoryLimitMb: {
      type: 'integer',
      description:
        'The most memory that the process of its own may take, in MiB; above it is started again. For isolation: process; by default 512.',
      minimum: 128,
      maximum: 1_048_576,
    },
    maxConcurrent,
    accounts: {
      type: 'object',
      description:
        'How requests are shared among its accounts, by the key or label that `cliproxy status` shows; * stands for all.',
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        properties: { ...ratingProperties, maxConcurrent },
      },
    },
  },
} as const;

/** Schema of `plugins`. */
export const pluginsSchema = {
  type: 'object',
  description: 'Plugin instances by id. The id alone means the package @cliproxy/plugin-<id>.',
  default: {},
  additionalProperties: pluginEntrySchema,
} as const;

/** `plugins` as written, with a bare `id:` meaning all defaults. */
export function fillBareEntries(plugins: unknown): unknown {
  if (typeof plugins !== 'object' || plugins === null || Array.isArray(plugins)) return plugins;
  return Object.fromEntries(
    Object.entries(plugins).map(([id, entry]: [string, unknown]) => [id, entry ?? {}]),
  );
}

/** Ids that can't be ids. */
export function checkInstanceIds(ids: readonly string[]): Problem[] {
  return ids
    .filter((id) => !INSTANCE_ID.test(id))
    .map((id) => ({
      code: 'CONFIG_INVALID',
      message: `${quoted(id)} cannot be the id of a plugin instance; use up to 64 lower-case letters, digits, ".", "_" and "-", with a letter or digit first.`,
      pointer: toPointer(['plugins', id]),
      atKey: true,
    }));
}

/** The kernel's view of `plugins`. */
export function readPlugins(
  plugins: Readonly<Record<string, PluginEntry>>,
  baseDir: string,
  problems: readonly Problem[],
): readonly PluginSettings[] {
  return Object.entries(plugins).map(([instanceId, entry]) =>
    deepFreeze({
      instanceId,
      package: resolvePackage(entry.package ?? `@cliproxy/plugin-${instanceId}`, baseDir),
      enabled: entry.enabled,
      required: entry.required,
      ...(entry.experimental && { experimental: true }),
      config: entry.config,
      ...(entry.isolation === 'process' ? { isolation: entry.isolation } : {}),
      ...(entry.memoryLimitMb === undefined ? {} : { memoryLimitMb: entry.memoryLimitMb }),
      ...(entry.maxConcurrent === undefined ? {} : { maxConcurrent: entry.maxConcurrent }),
      ...(entry.accounts === undefined ? {} : { accounts: entry.accounts }),
      problems: problems.filter((problem) => problem.instanceId === instanceId),
    }),
  );
}

/** A name stays; a path becomes absolute. */
function resolvePackage(name: string, baseDir: string): string {
  const isPath = /^\.{1,2}([/\\]|$)/.test(name) || path.isAbsolute(name);
  return isPath ? path.resolve(baseDir, name) : name;
}
