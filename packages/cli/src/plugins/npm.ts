import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { CommandError } from '../exit-codes.ts';
import { withoutSecrets } from './npm-lock.ts';

/** Longest wait for npm, in milliseconds. */
const NPM_MS = 10 * 60_000;
const VIEW_MS = 20_000;

interface NpmRun {
  /** Absolute; npm reads the settings of this folder, of the person and of the machine. */
  readonly cwd: string;
  readonly timeoutMs?: number;
}

/**
 * Runs npm, as it is set up here, in a process that can start no other one: what npm is told about scripts
 * leaves it free to run those of what it has from git or from a folder, npm 10 even without installing it.
 *
 * @returns what it printed.
 * @throws CommandError with what it said.
 */
export async function npm(args: readonly string[], { cwd, timeoutMs }: NpmRun): Promise<string> {
  const { program, first } = npmProgram();
  return new Promise((resolve, reject) => {
    execFile(
      program,
      [...first, ...args],
      { cwd, env: bareEnvironment(), timeout: timeoutMs ?? NPM_MS, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new CommandError(`npm ${args[0] ?? ''} failed: ${reasonOf(error, stderr)}`));
      },
    );
  });
}

/** The newest version that a range or a tag means; `undefined`: the registry does not tell. */
export async function newestVersion(spec: string, cwd: string): Promise<string | undefined> {
  try {
    const text = await npm(['view', spec, 'version', '--json', '--fetch-retries=0'], {
      cwd,
      timeoutMs: VIEW_MS,
    });
    const read = JSON.parse(text) as unknown;
    const last: unknown = Array.isArray(read) ? read.at(-1) : read;
    return typeof last === 'string' ? last : undefined;
  } catch {
    return undefined;
  }
}

/** The npm that came with this Node, else the one of `PATH`. */
function npmProgram(): { readonly program: string; readonly first: readonly string[] } {
  const folder = path.dirname(process.execPath);
  const scripts = [
    path.join(folder, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    path.join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ];
  const script = scripts.find((file) => existsSync(file));
  return script === undefined
    ? { program: 'npm', first: [] }
    : { program: process.execPath, first: [script] };
}

/** Without what an npm that runs this command means for itself, and with a Node that starts no process. */
function bareEnvironment(): NodeJS.ProcessEnv {
  const own =
    /^npm_(?:config_(?:global|prefix|local_prefix|dry_run)|command|lifecycle_.*|package_.*)$/u;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
  const known = process.allowedNodeEnvironmentFlags;
  const flags = [
    known.has('--permission') ? '--permission' : '--experimental-permission',
    '--allow-fs-read=*',
    '--allow-fs-write=*',
    // From Node 25 on, the network is a permission too.
    ...(known.has('--allow-net') ? ['--allow-net'] : []),
    '--no-warnings',
  ];
  return { ...env, NODE_OPTIONS: [env['NODE_OPTIONS'], ...flags].filter(Boolean).join(' ') };
}

function reasonOf(error: Error & { readonly killed?: boolean }, stderr: string): string {
  if (error.killed === true) return 'it took too long';
  const all = stderr.split('\n');
  const lines = all
    .filter((line) => !/^npm (?:silly|verbose|http|info|timing|notice|warn)\b/u.test(line))
    .map((line) => line.replace(/^npm (?:error|ERR!)\s?/u, '').trim())
    .filter((line) => line !== '' && !/^(?:A complete log|code E)/u.test(line));
  if (stderr.includes('ERR_ACCESS_DENIED')) return culprit(all);
  return lines.slice(0, 4).join(' ') || error.message;
}

/** npm says of every package where it looks for it, and stops at the one that comes from git. */
function culprit(lines: readonly string[]): string {
  const asked = lines.flatMap((line) => {
    const [, name, from] =
      /^npm silly fetch manifest (@?[^@\s]+)@((?:git|github:|gitlab:|bitbucket:|gist:|file:)\S*|[\w.-]+\/\S+)$/u.exec(
        line,
      ) ?? [];
    if (name === undefined || from === undefined) return [];
    return [`${name} (${withoutSecrets(from)})`];
  });
  const which = [...new Set(asked)].join(' or ') || 'a package';
  return (
    `${which} does not come from a registry, and npm would run programs to get or to pack it; nothing was ` +
    'run. Its author has to publish it, or to bundle it'
  );
}
