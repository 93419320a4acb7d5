import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { API_VERSION } from '@cliproxy/plugin-api';

/** The versions that a new package is made for: those that this one was released with. */
export interface ReleasedWith {
  /** Of the contract, `major.minor`. */
  readonly contract: string;
  /** Of the packages of cliproxy that a plugin uses. */
  readonly pluginApi: string;
  readonly testkit: string;
  readonly oauth: string;
  /** Of this package. */
  readonly own: string;
}

interface PackageJson {
  readonly version: string;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Reads them from this package: its development dependencies are released together with it. */
export function releasedWith(): ReleasedWith {
  const { version, devDependencies = {} } = read(new URL('../package.json', import.meta.url));
  const pluginApi = createRequire(import.meta.url).resolve('@cliproxy/plugin-api/package.json');
  return {
    contract: API_VERSION,
    pluginApi: read(pluginApi).version,
    testkit: devDependencies['@cliproxy/plugin-testkit'] ?? version,
    oauth: devDependencies['@cliproxy/oauth'] ?? version,
    own: version,
  };
}

function read(file: string | URL): PackageJson {
  return JSON.parse(readFileSync(file, 'utf8')) as PackageJson;
}
