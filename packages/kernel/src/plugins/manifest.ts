import type { Problem } from '../ports/problem.ts';
import type { SchemaChecker } from '../ports/schema-checker.ts';
import { checkNeeds, needsSchema } from './manifest-needs.ts';
import type { PluginNeed } from './manifest-needs.ts';
import { hooksTooEarly } from './read-hooks.ts';
import type { ModelPatternDeclaration } from './plugin-instance.ts';

/** What a plugin says about itself in its package.json, before any of its code runs. */
export interface PluginManifest {
  readonly manifestVersion: 1;
  readonly id: string;
  /** Version of the contract it is made for, `major.minor`. */
  readonly apiVersion: string;
  /**
   * True: it uses parts of the contract that are marked `@experimental`. Then `apiVersion` must be exactly
   * the gateway's, and the operator must have set `experimental: true` on the instance.
   */
  readonly experimental: boolean;
  /** The file with the plugin, relative to the package's folder. */
  readonly entry: string;
  /** What `setup` returns; authenticators that the configuration leaves off may be missing. */
  readonly provides: {
    readonly executor: boolean;
    readonly authenticators: readonly string[];
    readonly probes: readonly string[];
    /** Paths. */
    readonly sockets: readonly string[];
    /** Since 1.1. */
    readonly hooks: readonly string[];
    readonly models: readonly ModelPatternDeclaration[];
  };
  readonly permissions: {
    /** See `AllowedHostsOptions.hosts`. */
    readonly hosts: readonly string[];
    /** Names of environment variables; shown to the operator. */
    readonly env: readonly string[];
    readonly childProcess: boolean;
  };
  /** What npm does not bring; most plugins need nothing. */
  readonly needs: readonly PluginNeed[];
}

/** A package.json as far as it concerns the host. */
export interface PluginPackage {
  readonly name: string;
  readonly version: string;
  readonly manifest: PluginManifest;
}

/** Instance ids and plugin ids: safe in paths, URLs and file names. */
export const ID_PATTERN = '^[a-z0-9][a-z0-9._-]{0,63}$';

const names = { type: 'array', items: { type: 'string', minLength: 1 }, uniqueItems: true };

/** JSON Schema of the manifest. */
const manifestSchema = Object.freeze({
  type: 'object',
  required: ['manifestVersion', 'id', 'apiVersion', 'entry', 'provides', 'permissions'],
  additionalProperties: false,
  properties: {
    manifestVersion: { const: 1 },
    id: { type: 'string', pattern: ID_PATTERN },
    apiVersion: { type: 'string', pattern: '^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)$' },
    experimental: { type: 'boolean', default: false },
    entry: { type: 'string', pattern: '^\\./(?!(.*/)?\\.\\.(/|$))' },
    provides: {
      type: 'object',
      additionalProperties: false,
      properties: {
        executor: { type: 'boolean', default: false },
        authenticators: { ...names, default: [] },
        probes: { ...names, default: [] },
        sockets: {
          type: 'array',
          items: { type: 'string', pattern: '^/[A-Za-z0-9._~/-]*$' },
          uniqueItems: true,
          default: [],
        },
        hooks: { ...names, default: [] },
        models: {
          type: 'array',
          default: [],
          items: {
            type: 'object',
            required: ['match'],
            additionalProperties: false,
            properties: {
              match: { type: 'string', minLength: 1 },
              upstream: { type: 'string', minLength: 1 },
            },
          },
        },
      },
    },
    permissions: {
      type: 'object',
      additionalProperties: false,
      properties: {
        hosts: {
          type: 'array',
          default: [],
          uniqueItems: true,
          items: {
            type: 'string',
            pattern:
              '^(config:(/[^/]+)+|[A-Za-z0-9.-]+(:\\d{1,5})?|\\[[0-9A-Fa-f:.]+\\](:\\d{1,5})?)$',
          },
        },
        env: { ...names, default: [] },
        childProcess: { type: 'boolean', default: false },
      },
    },
    needs: needsSchema,
  },
});

/** A package, or the sentences that say what is wrong with its package.json. */
export type ManifestReading =
  | { readonly package: PluginPackage; readonly faults?: never }
  | { readonly package?: never; readonly faults: readonly string[] };

/**
 * Reads a plugin's package.json.
 *
 * @param where - what to call it in the sentences.
 */
export function readManifest(
  packageJson: unknown,
  where: string,
  checker: SchemaChecker,
): ManifestReading {
  if (!isRecord(packageJson)) return { faults: [`${where} is not a JSON object`] };
  const { name, version, cliproxyPlugin: raw } = packageJson;
  if (typeof name !== 'string' || name === '') return { faults: [`${where} has no \`name\``] };
  if (typeof version !== 'string') return { faults: [`${where} has no \`version\``] };
  if (raw === undefined) {
    return { faults: [`${where} has no \`cliproxyPlugin\`: it is not a plugin of cliproxy`] };
  }
  if (isRecord(raw) && typeof raw.manifestVersion === 'number' && raw.manifestVersion > 1) {
    return {
      faults: [
        `${where}: cliproxyPlugin.manifestVersion is ${raw.manifestVersion}, this gateway reads 1; ` +
          'install a later version of cliproxy',
      ],
    };
  }
  const { value, problems } = checker.check(manifestSchema, raw, '/cliproxyPlugin');
  if (problems.length > 0) return { faults: problems.map((one) => sentence(where, one)) };
  const manifest = value as PluginManifest;
  const early = hooksTooEarly(manifest.provides.hooks.length > 0, manifest.apiVersion);
  if (early !== undefined) return { faults: [`${where}: cliproxyPlugin.provides.hooks: ${early}`] };
  const { needs, problems: unfit } = checkNeeds(manifest.needs, '/cliproxyPlugin/needs', checker);
  if (unfit.length > 0) return { faults: unfit.map((one) => sentence(where, one)) };
  return { package: { name, version, manifest: { ...manifest, needs } } };
}

function sentence(where: string, problem: Problem): string {
  const field = (problem.pointer ?? '/cliproxyPlugin').slice(1).replaceAll('/', '.');
  const message = problem.message.includes(field)
    ? problem.message
    : `${field}: ${problem.message}`;
  return `${where}: ${message}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
