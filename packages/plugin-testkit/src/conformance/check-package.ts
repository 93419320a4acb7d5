import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { GatewayPlugin } from '@cliproxy/plugin-api';
import { pluginOptions } from '@cliproxy/plugin-api/host';
import type { Conformance } from './conformance.ts';
import type { ConformanceReport } from './report.ts';
import { runConformance } from './run-conformance.ts';
import type { ConformanceRun } from './run-conformance.ts';
import { recordOf } from './subject.ts';

/**
 * Checks a package on disk, built, as it would be installed. What its `./conformance` exports by default
 * tells what the checks can't find out by themselves.
 *
 * @param folder - absolute; the one with package.json.
 * @throws Error that names what can't be read or imported.
 */
export async function checkPackage(
  folder: string,
  run: ConformanceRun & Pick<Conformance, 'level'> = {},
): Promise<ConformanceReport> {
  const file = path.join(folder, 'package.json');
  if (!existsSync(file)) throw new Error(`there is no package.json in ${folder}`);
  const json = recordOf(JSON.parse(readFileSync(file, 'utf8')));
  const entry = recordOf(json['cliproxyPlugin'])['entry'];
  if (typeof entry !== 'string') {
    throw new Error(`${file} has no \`cliproxyPlugin.entry\`: it is no plugin of cliproxy`);
  }
  const plugin = await imported(path.join(folder, entry), isPlugin);
  if (plugin === undefined) {
    throw new Error(
      `the default export of ${path.join(folder, entry)} is not made by definePlugin()`,
    );
  }
  const { level } = run;
  const told = { ...(await descriptionOf(file, String(json['name']))), ...(level && { level }) };
  return runConformance(plugin as GatewayPlugin, pathToFileURL(file), told, run);
}

async function descriptionOf(file: string, name: string): Promise<Conformance> {
  let found: string;
  try {
    found = createRequire(file).resolve(`${name}/conformance`);
  } catch {
    // Most plugins need none.
    return {};
  }
  return (await imported(found, (value) => typeof value === 'object')) ?? {};
}

/** The default export; CommonJS compilers wrap it once or twice. */
async function imported(file: string, isIt: (value: unknown) => boolean): Promise<unknown> {
  if (!existsSync(file)) throw new Error(`there is no ${file}: build the package`);
  const once = recordOf(await import(pathToFileURL(file).href))['default'];
  return [recordOf(once)['default'], once].find((value) => value !== undefined && isIt(value));
}

function isPlugin(value: unknown): boolean {
  return pluginOptions(value) !== undefined;
}
