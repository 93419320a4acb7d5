import { API_VERSION, type GatewayPlugin } from '@cliproxy/plugin-api';
import { isolationProblem } from '../isolation/isolation-problem.ts';
import type { Problem } from '../ports/problem.ts';
import type { SchemaChecker } from '../ports/schema-checker.ts';
import type { PluginSettings } from '../ports/settings.ts';
import { experimentalProblem, versionProblem } from './api-version.ts';
import { pointerStep } from './json-pointer.ts';
import type { StoredPackage } from '../ports/plugin-store.ts';
import { entryFile, locate, packageNames, storedFor } from './locate.ts';
import { ID_PATTERN, type PluginPackage, readManifest } from './manifest.ts';

/** A plugin that is given in memory instead of being looked for; for tests and embedding. */
export interface PreloadedPlugin {
  /** What `package` in the configuration names. */
  readonly packageName: string;
  /** Its package.json, with the manifest under `cliproxyPlugin`; checked as usual. */
  readonly packageJson: unknown;
  /** Its default export. */
  readonly plugin: GatewayPlugin;
}

/** Where an instance's code comes from. */
export type PluginSource =
  | {
      /** The entry. */
      readonly file: string;
      /** The package's folder, without symbolic links. */
      readonly folder: string;
    }
  | { readonly plugin: GatewayPlugin };

/** One configured instance, as far as can be said before any plugin code runs. */
export interface InstancePlan {
  readonly settings: PluginSettings;
  /** Absent: not found, or its manifest can't be read; for disabled ones nothing is looked for. */
  readonly package: PluginPackage | undefined;
  /** Absent: there is a problem. */
  readonly source: PluginSource | undefined;
  readonly problems: readonly Problem[];
}

/** What planning looks at. */
export interface PlanSources {
  /** Absolute folders in which packages are looked for, in order. */
  readonly dirs: readonly string[];
  readonly preloaded: readonly PreloadedPlugin[];
  /** Packages that the operator has added, by name; none of another place stands in for one. */
  readonly stored?: ReadonlyMap<string, StoredPackage>;
  readonly checker: SchemaChecker;
}

/**
 * Looks at every configured instance: is the package there, is its manifest sound, is it made for
 * this version, does it claim something that another has. Runs no plugin code and tells all
 * problems of all instances.
 */
export function planInstances(
  plugins: readonly PluginSettings[],
  sources: PlanSources,
): readonly InstancePlan[] {
  const claims = new Map<string, string>();
  return plugins.map((settings) => planOne(settings, sources, claims));
}

/** A problem that concerns an instance as a whole. */
export function instanceProblem(
  instanceId: string,
  code: string,
  message: string,
  cause?: unknown,
): Problem {
  return {
    code,
    message,
    instanceId,
    pointer: `/plugins/${pointerStep(instanceId)}`,
    atKey: true,
    ...(cause === undefined ? {} : { cause }),
  };
}

function planOne(
  settings: PluginSettings,
  sources: PlanSources,
  claims: Map<string, string>,
): InstancePlan {
  const { instanceId } = settings;
  const problems: Problem[] = [];
  const report = (code: string, message: string): void => {
    problems.push(instanceProblem(instanceId, code, message));
  };
  const claim = (what: string, holder: string, sameIsFine: boolean): void => {
    const taken = claims.get(what);
    if (taken === undefined) claims.set(what, holder);
    else if (!sameIsFine || taken !== holder) {
      report(
        'PLUGIN_DUPLICATE',
        `plugin "${instanceId}" claims ${what}, which ${taken} has already; rename or remove one`,
      );
    }
  };

  if (!new RegExp(ID_PATTERN).test(instanceId)) {
    report(
      'CONFIG_INVALID',
      `the instance id ${JSON.stringify(instanceId)} must be 1 to 64 lower-case letters, digits, ` +
        '".", "_" and "-", and begin with a letter or digit; rename it',
    );
  }
  claim(`the instance id "${instanceId}"`, `an instance before it`, false);
  if (!settings.enabled) return { settings, package: undefined, source: undefined, problems: [] };

  problems.push(...settings.problems);
  const found = find(settings, sources, report);
  if (found !== undefined) {
    const { id, provides } = found.package.manifest;
    claim(`the plugin id "${id}"`, `the package in ${found.home}`, true);
    for (const path of provides.sockets) {
      claim(`the socket path ${path}`, `instance "${instanceId}"`, false);
    }
  }
  return {
    settings,
    package: found?.package,
    source: problems.length === 0 ? found?.source : undefined,
    problems,
  };
}

function notAskedFor(instanceId: string): string {
  return (
    'it uses experimental parts of the contract, which may change with any version of cliproxy; set ' +
    `\`experimental: true\` at plugins.${instanceId} to run it all the same`
  );
}

interface Found {
  readonly package: PluginPackage;
  readonly source: PluginSource | undefined;
  /** Where the package lives, for telling two apart. */
  readonly home: string;
}

function find(
  settings: PluginSettings,
  sources: PlanSources,
  report: (code: string, message: string) => void,
): Found | undefined {
  const { instanceId, package: reference } = settings;
  const names = packageNames(reference);
  const preloaded = sources.preloaded.find((one) => names.includes(one.packageName));
  const stored = storedFor(reference, sources);
  if (preloaded === undefined && stored?.fault !== undefined) {
    report('PLUGIN_INTEGRITY', `plugin "${instanceId}": ${stored.fault}`);
    return undefined;
  }
  const located =
    preloaded === undefined ? locate(stored?.folder ?? reference, sources.dirs) : undefined;
  if (located?.fault !== undefined) {
    report('PLUGIN_NOT_FOUND', `plugin "${instanceId}": ${located.fault}`);
    return undefined;
  }
  const home = located?.found.folder ?? 'memory';
  const { package: read, faults } = readManifest(
    located?.found.packageJson ?? preloaded?.packageJson,
    `plugin "${instanceId}": package.json of ${reference}`,
    sources.checker,
  );
  if (read === undefined) {
    for (const fault of faults) report('PLUGIN_BAD_MANIFEST', fault);
    return undefined;
  }
  const who = `plugin "${instanceId}" (${read.name} ${read.version})`;
  const { apiVersion, experimental } = read.manifest;
  const wrong = (experimental ? experimentalProblem : versionProblem)(apiVersion, API_VERSION);
  if (wrong !== undefined) report('PLUGIN_API_VERSION', `${who}: ${wrong}`);
  else if (experimental && settings.experimental !== true) {
    report('PLUGIN_EXPERIMENTAL', `${who}: ${notAskedFor(instanceId)}`);
  }
  if (settings.isolation === 'process') {
    const unfit = isolationProblem(read.manifest, preloaded !== undefined);
    if (unfit !== undefined) report('PLUGIN_NOT_ISOLATED', `${who}: ${unfit}`);
  }
  if (preloaded !== undefined) {
    return { package: read, source: { plugin: preloaded.plugin }, home: `${home}: ${read.name}` };
  }
  if (located?.found === undefined) return undefined;
  // A process of its own runs what is published, whatever conditions the gateway runs under.
  const published = settings.isolation === 'process';
  const entry = entryFile(located.found, read.name, read.manifest.entry, published);
  if (entry.fault !== undefined) {
    report('PLUGIN_NOT_FOUND', `${who}: ${entry.fault}`);
    return { package: read, source: undefined, home };
  }
  return { package: read, source: { file: entry.file, folder: home }, home };
}
