import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { CommandError } from '../exit-codes.ts';

/** Longest wait for npm, in milliseconds. */
const NPM_MS = 10 * 60_000;
const VIEW_MS = 20_000;

interface NpmRun {
  /** Absolute; npm reads the settings of this folder, of the person and of the machine. */
  readonly cwd: string;
  readonly timeoutMs?: number;
}

/**
 * Runs npm, as it is set up here.
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
      { cwd, env: plainEnvironment(), timeout: timeoutMs ?? NPM_MS, maxBuffer: 64 * 1024 * 1024 },
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

/** Without what an npm that runs this command means for itself. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const own =
    /^npm_(?:config_(?:global|prefix|local_prefix|dry_run)|command|lifecycle_.*|package_.*)$/u;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
}

function reasonOf(error: Error & { readonly killed?: boolean }, stderr: string): string {
  if (error.killed === true) return 'it took too long';
  const lines = stderr
    .split('\n')
    .map((line) => line.replace(/^npm (?:error|ERR!)\s?/u, '').trim())
    .filter((line) => line !== '' && !/^(?:A complete log|code E)/u.test(line));
  return lines.slice(0, 4).join(' ') || error.message;
}
