import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { CommandNeed, PipNeed, PluginNeed } from '@cliproxy/gateway';

/** One command that brings what is missing. */
export interface InstallStep {
  readonly command: readonly [string, ...string[]];
  /** True: only root may run it. */
  readonly asRoot: boolean;
}

/** How the machine stands with a need. */
export interface NeedState {
  readonly title: string;
  readonly for?: string;
  readonly optional: boolean;
  readonly met: boolean;
  /** Where it is, or what is missing and why. */
  readonly detail: string;
  /** What brings it; empty where a person has to. */
  readonly steps: readonly InstallStep[];
}

/** Whose need it is. */
interface NeedPlace {
  readonly instanceId: string;
  /** The instance's own part of the configuration. */
  readonly settings: unknown;
  readonly dataFolder: string;
}

type Look = Pick<NeedState, 'met' | 'detail' | 'steps'>;

/** Looks whether a need is met. Changes nothing. */
export async function lookAtNeed(need: PluginNeed, place: NeedPlace): Promise<NeedState> {
  const found =
    need.kind === 'command' ? await lookForCommand(need, place) : await lookForPip(need, place);
  const { title, optional } = need;
  return { title, optional, ...(need.for !== undefined && { for: need.for }), ...found };
}

async function lookForCommand(
  need: CommandNeed,
  { instanceId, settings }: NeedPlace,
): Promise<Look> {
  const { setting, env, commands, apt } = need;
  const configured = setting === undefined ? undefined : valueAt(settings, setting);
  if (typeof configured === 'string') {
    const key = `plugins.${instanceId}.config${setting?.replaceAll('/', '.') ?? ''}`;
    return named(configured, key);
  }
  const inEnvironment = env === undefined ? undefined : process.env[env];
  if (env !== undefined && inEnvironment !== undefined && inEnvironment !== '') {
    return named(inEnvironment, env);
  }
  for (const command of commands) {
    const file = await onPath(command);
    if (file !== undefined) return { met: true, detail: file, steps: [] };
  }
  const missing = `none of ${commands.join(', ')} is on PATH`;
  if (apt.length === 0) return { met: false, detail: `${missing}: install one`, steps: [] };
  if ((await onPath('apt-get')) === undefined) {
    const detail = `${missing}, and there is no apt-get: install one by this machine's own package manager`;
    return { met: false, detail, steps: [] };
  }
  return {
    met: false,
    detail: missing,
    steps: [
      { command: ['apt-get', 'update'], asRoot: true },
      { command: ['apt-get', 'install', '-y', '--no-install-recommends', ...apt], asRoot: true },
    ],
  };
}

/** A file that somebody has named is the one; nothing is installed in its stead. */
async function named(file: string, by: string): Promise<Look> {
  if (await isProgram(file)) return { met: true, detail: `${file} (${by})`, steps: [] };
  return { met: false, detail: `${by} names ${file}, which is no program: mend it`, steps: [] };
}

async function lookForPip({ packages }: PipNeed, place: NeedPlace): Promise<Look> {
  const folder = path.join(place.dataFolder, 'python', place.instanceId);
  const python = path.join(folder, 'bin', 'python');
  const hasPython = await isProgram(python);
  const missing = hasPython ? await missingPackages(python, packages) : packages;
  if (missing.length === 0) {
    return { met: true, detail: `${packages.join(', ')} in ${folder}`, steps: [] };
  }
  const what = `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not in ${folder}`;
  if (!hasPython && (await onPath('python3')) === undefined) {
    const detail = `${what}, and there is no python3: install python3 with its venv module first`;
    return { met: false, detail, steps: [] };
  }
  const pip: readonly [string, ...string[]] = [
    python,
    '-m',
    'pip',
    'install',
    '--disable-pip-version-check',
    '--no-input',
    ...packages,
  ];
  return {
    met: false,
    detail: what,
    steps: [
      ...(hasPython
        ? []
        : [{ command: ['python3', '-m', 'venv', folder], asRoot: false } as const]),
      { command: pip, asRoot: false },
    ],
  };
}

/** Prints the version of each package that is named, or nothing for one that is not there. */
const VERSIONS = `
import importlib.metadata, sys
for name in sys.argv[1:]:
    try: print(importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError: print()
`;

async function missingPackages(
  python: string,
  packages: readonly string[],
): Promise<readonly string[]> {
  const wanted = packages.map((one) => {
    const [name = '', version = ''] = one.split('==');
    return { one, name: name.replace(/\[.*/u, ''), version };
  });
  try {
    const { stdout } = await promisify(execFile)(python, [
      '-I',
      '-c',
      VERSIONS,
      ...wanted.map(({ name }) => name),
    ]);
    const found = stdout.split('\n');
    return wanted
      .filter(({ version }, index) => found[index]?.trim() !== version)
      .map(({ one }) => one);
  } catch {
    return packages;
  }
}

async function onPath(command: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    const file = path.join(folder, command);
    if (folder !== '' && (await isProgram(file))) return file;
  }
  return undefined;
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function valueAt(value: unknown, pointer: string): unknown {
  let at = value;
  for (const step of pointer.split('/').slice(1)) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[step];
  }
  return at;
}
