import { existsSync, readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import path from 'node:path';
import type { GatewayPlugin } from '@cliproxy/plugin-api';
import { runConformance } from '@cliproxy/plugin-testkit';
import type { Conformance, ConformanceReport } from '@cliproxy/plugin-testkit';

const root = path.resolve(import.meta.dirname, '../../plugins');

/** What to check, and how. */
interface CheckAllOptions {
  readonly onBegin?: (name: string) => void;
  /** Absent or empty: all. */
  readonly names?: readonly string[];
  /** What to check in the place of a plugin itself. */
  readonly instead?: (plugin: GatewayPlugin, packageJson: URL) => GatewayPlugin;
}

/** The plugins that have a conformance test, in their order. */
export function checkedPlugins(): readonly string[] {
  return readdirSync(root)
    .sort()
    .filter((name) => existsSync(path.join(root, name, 'src/conformance.test.ts')));
}

/** Checks every plugin that has a conformance test, one after another, in this process. */
export async function checkAll({
  onBegin = () => undefined,
  names = [],
  instead = (plugin) => plugin,
}: CheckAllOptions = {}): Promise<readonly ConformanceReport[]> {
  const reports: ConformanceReport[] = [];
  for (const name of checkedPlugins()) {
    const folder = path.join(root, name);
    if (names.length > 0 && !names.includes(name)) continue;
    onBegin(name);
    const plugin = await defaultOf<GatewayPlugin>(path.join(folder, 'src/index.ts'));
    const description = path.join(folder, 'src/conformance.ts');
    const told = existsSync(description) ? await defaultOf<Conformance>(description) : {};
    const packageJson = pathToFileURL(path.join(folder, 'package.json'));
    reports.push(await runConformance(instead(plugin, packageJson), packageJson, told));
  }
  return reports;
}

async function defaultOf<T>(file: string): Promise<T> {
  return ((await import(pathToFileURL(file).href)) as { readonly default: T }).default;
}
