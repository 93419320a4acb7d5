import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import type { Logger } from '@cliproxy/plugin-api';
import type { KernelEvent } from '../src/ports/event-sink.ts';
import type { SchemaChecker } from '../src/ports/schema-checker.ts';
import type { KernelSettings, PluginSettings } from '../src/ports/settings.ts';

/** What a throw-away plugin package consists of. */
export interface PackageSpec {
  readonly name?: string;
  readonly id?: string;
  readonly version?: string;
  /** Put over the manifest; `null` leaves it out. */
  readonly manifest?: Readonly<Record<string, unknown>> | null;
  /** Put over package.json. */
  readonly packageJson?: Readonly<Record<string, unknown>>;
  /** Body of `setup({config, logger, signal, onDispose, instanceId}, deps)`. */
  readonly setup?: string;
  /** The whole module instead. */
  readonly module?: string;
  /** Source of the configuration's JSON Schema. */
  readonly schema?: string;
  /** Source of `deps`. */
  readonly deps?: string;
  readonly apiVersion?: string;
  readonly commonJs?: boolean;
  readonly entry?: string;
}

/** A folder with packages in it, as an operator would have. */
export interface Workshop {
  readonly dir: string;
  /** Writes a package into `node_modules`. @returns its folder. */
  add(spec: PackageSpec): string;
  /** Writes any file. @returns its path. */
  write(path: string, text: string): string;
  remove(): void;
}

/** The object that definePlugin() makes, as some other copy of the contract would make it. */
function pluginSource(spec: PackageSpec): string {
  return `{
    $$type: '@cliproxy/plugin',
    apiVersion: ${JSON.stringify(spec.apiVersion ?? '1.0')},
    [Symbol.for('@cliproxy/plugin-options')]: {
      config: { json: ${spec.schema ?? "{ type: 'object' }"} },
      deps: ${spec.deps ?? 'undefined'},
      async setup(context, deps) { ${spec.setup ?? 'return {};'} },
    },
  }`;
}

export function manifestOf(spec: PackageSpec): Record<string, unknown> {
  return {
    manifestVersion: 1,
    id: spec.id ?? 'foo',
    apiVersion: '1.0',
    entry: spec.entry ?? './index.js',
    provides: {},
    permissions: {},
    ...spec.manifest,
  };
}

export function openWorkshop(): Workshop {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'cliproxy-kernel-')));
  const write = (path: string, text: string): string => {
    const file = join(dir, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  return {
    dir,
    write,
    remove: () => rmSync(dir, { recursive: true, force: true }),
    add: (spec) => {
      const name = spec.name ?? `@cliproxy/plugin-${spec.id ?? 'foo'}`;
      const folder = `node_modules/${name}`;
      const packageJson = {
        name,
        version: spec.version ?? '1.0.0',
        ...(spec.commonJs === true ? {} : { type: 'module' }),
        exports: { '.': './index.js' },
        ...(spec.manifest === null ? {} : { cliproxyPlugin: manifestOf(spec) }),
        ...spec.packageJson,
      };
      write(`${folder}/package.json`, JSON.stringify(packageJson));
      const head = spec.commonJs === true ? 'module.exports = ' : 'export default ';
      const code = spec.module ?? `${head}${pluginSource(spec)};`;
      write(join(folder, spec.entry ?? './index.js'), code);
      return join(dir, folder);
    },
  };
}

/** A checker on Ajv, as small as can be. */
export const checker: SchemaChecker = {
  check: (schema, value, pointer) => {
    const ajv = new Ajv({ allErrors: true, useDefaults: true, strict: false });
    const copy: unknown = structuredClone(value);
    const validate = ajv.compile(schema);
    const problems = validate(copy)
      ? []
      : (validate.errors ?? []).map((error) => ({
          code: 'CONFIG_INVALID',
          message: `${error.message ?? ''} ${JSON.stringify(error.params)}`,
          pointer: `${pointer}${error.instancePath}`,
        }));
    return { value: copy, problems };
  },
};

export function instance(instanceId: string, rest: Partial<PluginSettings> = {}): PluginSettings {
  return {
    instanceId,
    package: instanceId,
    enabled: true,
    required: true,
    config: {},
    problems: [],
    ...rest,
  };
}

export function settings(
  baseDir: string,
  plugins: readonly PluginSettings[],
  rest: Partial<KernelSettings> = {},
): KernelSettings {
  return {
    baseDir,
    plugins,
    routes: [],
    aliases: {},
    timeouts: { connectMs: 1000, firstByteMs: 1000, idleMs: 1000, totalMs: 1000, loginMs: 1000 },
    failover: {
      maxAttempts: 4,
      retryRatio: 0.2,
      retryFloor: 10,
      queueSize: 32,
      queueMs: 2_000,
      maxCoolingMs: 3_600_000,
      outageMs: 30_000,
      overloadedMs: 5000,
      rateLimitMs: 30_000,
      deniedMs: 1_800_000,
      notFoundMs: 600_000,
      pluginFaults: 5,
      pluginFaultWindowMs: 60_000,
      pluginFaultMaxMs: 60_000,
      holdStreamBytes: 65_536,
      holdBodyBytes: 1_048_576,
      commitAfterMs: 0,
      maxAnswerBytes: 67_108_864,
    },
    accountStrategy: 'round-robin',
    usage: 'auto',
    ...rest,
  };
}

/** Ports that remember what they were told. */
export function rememberingPorts(): {
  readonly events: KernelEvent[];
  readonly secrets: Set<string>;
  readonly lines: string[];
  readonly ports: {
    readonly checker: SchemaChecker;
    readonly clock: { now(): number; monotonic(): number };
    readonly sink: { emit(event: KernelEvent): void };
    readonly secrets: { add(value: string): void; mask(text: string): string };
    readonly loggers: { logger(name: string): Logger };
  };
} {
  const events: KernelEvent[] = [];
  const secrets = new Set<string>();
  const lines: string[] = [];
  const log =
    (name: string, level: string) =>
    (message: string): void =>
      void lines.push(`${name} ${level} ${message}`);
  return {
    events,
    secrets,
    lines,
    ports: {
      checker,
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      sink: { emit: (event) => void events.push(event) },
      secrets: { add: (value) => void secrets.add(value), mask: (text) => text },
      loggers: {
        logger: (name) => ({
          debug: log(name, 'debug'),
          info: log(name, 'info'),
          warn: log(name, 'warn'),
          error: log(name, 'error'),
        }),
      },
    },
  };
}
