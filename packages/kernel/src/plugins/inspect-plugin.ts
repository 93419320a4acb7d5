import type { SchemaChecker } from '../ports/schema-checker.ts';
import { locate, shippedIds } from './locate.ts';
import { readManifest } from './manifest.ts';
import type { PluginPackage } from './manifest.ts';

/** Where to look for packages. */
export interface InspectSources {
  /** Absolute folders in which packages are looked for, in order. */
  readonly dirs: readonly string[];
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
  const located = locate(reference, sources.dirs);
  if (located.fault !== undefined) return { faults: [located.fault] };
  const { folder, packageJson } = located.found;
  const { package: read, faults } = readManifest(
    packageJson,
    `package.json of ${reference}`,
    sources.checker,
  );
  return read === undefined ? { faults } : { package: read, folder };
}

/** The ids of the plugins that are installed in the gateway's own scope. */
export function installedPluginIds(dirs: readonly string[]): readonly string[] {
  return [...shippedIds(dirs)].sort();
}
