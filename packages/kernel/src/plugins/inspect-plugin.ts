import type { SchemaChecker } from '../ports/schema-checker.ts';
import { API_VERSION } from '@cliproxy/plugin-api';
import type { StoredPackage } from '../ports/plugin-store.ts';
import { versionProblem } from './api-version.ts';
import { PluginImporter } from './import-plugin.ts';
import { entryFile, locate, packageNames, shippedIds } from './locate.ts';
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

/** A package on disk, or the sentences that say why there is none. */
export type PluginInspection =
  | { readonly package: PluginPackage; readonly folder: string; readonly faults?: never }
  | { readonly package?: never; readonly faults: readonly string[] };

/**
 * Reads what a plugin says of itself, whether it is configured or not. Runs no code of it.
 *
 * @param reference - a package name, a bare plugin id, or a folder.
 */
export function inspectPlugin(reference: string, sources: InspectSources): PluginInspection {
  const { stored } = sources;
  const added = stored?.get(packageNames(reference).find((name) => stored.has(name)) ?? '');
  if (added?.fault !== undefined) return { faults: [added.fault] };
  const located = locate(added?.folder ?? reference, sources.dirs);
  if (located.fault !== undefined) return { faults: [located.fault] };
  const { folder, packageJson } = located.found;
  const { package: read, faults } = readManifest(
    packageJson,
    `package.json of ${reference}`,
    sources.checker,
  );
  return read === undefined ? { faults } : { package: read, folder };
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
  | { readonly package?: never; readonly faults: readonly string[] };

/** How long the import may take, as at a start. */
const IMPORT_MS = 10_000;

/**
 * The same, and imports the plugin to tell the schema of its configuration. Sets nothing up. A plugin for
 * another version of the contract is not imported.
 */
export async function lookAtPlugin(
  reference: string,
  sources: InspectSources,
): Promise<PluginLook> {
  const inspected = inspectPlugin(reference, sources);
  if (inspected.package === undefined) return inspected;
  const { package: found, folder } = inspected;
  const name = `${found.name} ${found.version}`;
  const wrong = versionProblem(found.manifest.apiVersion, API_VERSION);
  if (wrong !== undefined) return { faults: [`${name}: ${wrong}`] };
  const located = locate(folder, sources.dirs);
  if (located.fault !== undefined) return { faults: [located.fault] };
  const entry = entryFile(located.found, found.name, found.manifest.entry);
  if (entry.fault !== undefined) return { faults: [`${name}: ${entry.fault}`] };
  try {
    const { schema } = await new PluginImporter(IMPORT_MS).load(entry.file, name);
    return { package: found, folder, schema };
  } catch (error) {
    return { faults: [error instanceof Error ? error.message : String(error)] };
  }
}

/** The ids of the plugins that are installed in the gateway's own scope. */
export function installedPluginIds(dirs: readonly string[]): readonly string[] {
  return [...shippedIds(dirs)].sort();
}
