import type { SchemaChecker } from '../ports/schema-checker.ts';
import { API_VERSION, isGatewayError } from '@cliproxy/plugin-api';
import type { ErrorCode } from '@cliproxy/plugin-api';
import type { StoredPackage } from '../ports/plugin-store.ts';
import { experimentalProblem, versionProblem } from './api-version.ts';
import { PluginImporter } from './import-plugin.ts';
import { entryFile, locate, shippedIds, storedFor } from './locate.ts';
import { readManifest } from './manifest.ts';
import type { PluginPackage } from './manifest.ts';

/** Where to look for packages. */
export interface InspectSources {
  /** Absolute folders in which packages are looked for, in order. */
  readonly dirs: readonly string[];
  /** Packages that the operator has added, by name; see `PluginStore`. */
  readonly stored?: ReadonlyMap<string, StoredPackage>;
  readonly checker: SchemaChecker;
}

/** Why nothing can be said of a plugin, or why it would be refused. */
interface PluginFault {
  readonly faults: readonly string[];
  /** Of the error table. */
  readonly code: ErrorCode;
}

/** A package on disk, or the sentences that say why there is none. */
export type PluginInspection =
  | { readonly package: PluginPackage; readonly folder: string; readonly faults?: never }
  | ({ readonly package?: never } & PluginFault);

/**
 * Reads what a plugin says of itself, whether it is configured or not. Runs no code of it.
 *
 * @param reference - a package name, a bare plugin id, or a folder.
 */
export function inspectPlugin(reference: string, sources: InspectSources): PluginInspection {
  const added = storedFor(reference, sources);
  if (added?.fault !== undefined) return { faults: [added.fault], code: 'PLUGIN_INTEGRITY' };
  const located = locate(added?.folder ?? reference, sources.dirs);
  if (located.fault !== undefined) return { faults: [located.fault], code: 'PLUGIN_NOT_FOUND' };
  const { folder, packageJson } = located.found;
  const { package: read, faults } = readManifest(
    packageJson,
    `package.json of ${reference}`,
    sources.checker,
  );
  return read === undefined ? { faults, code: 'PLUGIN_BAD_MANIFEST' } : { package: read, folder };
}

/** A plugin whose code has been run as far as to know its settings, or the sentences that say why not. */
export type PluginLook =
  | {
      readonly package: PluginPackage;
      readonly folder: string;
      /** JSON Schema of its configuration. */
      readonly schema: object;
      readonly faults?: never;
    }
  | ({ readonly package?: never } & PluginFault);

const EXPERIMENTAL =
  'it uses experimental parts of the contract, which may change with any version of cliproxy, and ' +
  'nobody has agreed to that';

/** How long the import may take, as at a start. */
const IMPORT_MS = 10_000;

/**
 * The same, and imports the plugin to tell the schema of its configuration. Sets nothing up. A plugin for
 * another version of the contract is not imported.
 *
 * @param sources - `experimental`: whether one that uses experimental parts of the contract is welcome.
 */
export async function lookAtPlugin(
  reference: string,
  sources: InspectSources & { readonly experimental: boolean },
): Promise<PluginLook> {
  const inspected = inspectPlugin(reference, sources);
  if (inspected.package === undefined) return inspected;
  const { package: found, folder } = inspected;
  const name = `${found.name} ${found.version}`;
  const { apiVersion, experimental, entry } = found.manifest;
  const wrong = (experimental ? experimentalProblem : versionProblem)(apiVersion, API_VERSION);
  if (wrong !== undefined) return { faults: [`${name}: ${wrong}`], code: 'PLUGIN_API_VERSION' };
  if (experimental && !sources.experimental) {
    return { faults: [`${name}: ${EXPERIMENTAL}`], code: 'PLUGIN_EXPERIMENTAL' };
  }
  const located = locate(folder, sources.dirs);
  const code = 'PLUGIN_NOT_FOUND';
  if (located.fault !== undefined) return { faults: [located.fault], code };
  const begin = entryFile(located.found, found.name, entry);
  if (begin.fault !== undefined) return { faults: [`${name}: ${begin.fault}`], code };
  try {
    const { schema } = await new PluginImporter(IMPORT_MS).load(begin.file, name);
    return { package: found, folder, schema };
  } catch (error) {
    return {
      faults: [error instanceof Error ? error.message : String(error)],
      code: isGatewayError(error) ? (error.code as ErrorCode) : 'PLUGIN_IMPORT_FAILED',
    };
  }
}

/** The ids of the plugins that are installed in the gateway's own scope. */
export function installedPluginIds(dirs: readonly string[]): readonly string[] {
  return [...shippedIds(dirs)].sort();
}
