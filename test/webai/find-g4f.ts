import { spawnSync } from 'node:child_process';
import path from 'node:path';

/** The version that the tests and the docs are for; the plugin's manifest names it, too. */
export const G4F_VERSION = '8.0.9';

/**
 * Looks for a Python that has gpt4free's API server: the one that `CLIPROXY_G4F_PYTHON` names, else
 * that of the folder `.cache/g4f`, where `.ci/run` puts one.
 *
 * @returns undefined where there is none; tests skip themselves visibly then.
 */
export function findG4f(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const root = path.join(import.meta.dirname, '../..');
  const python = environment['CLIPROXY_G4F_PYTHON'] ?? path.join(root, '.cache/g4f/bin/python');
  const script = 'import importlib.metadata as m; print(m.version("g4f"), m.version("uvicorn"))';
  const { status, stdout } = spawnSync(python, ['-c', script], { encoding: 'utf8' });
  return status === 0 && stdout.startsWith(`${G4F_VERSION} `) ? python : undefined;
}
