import { spawn } from 'node:child_process';
import { CommandError } from '../exit-codes.ts';
import { shellQuote } from '../shell-quote.ts';
import type { InstallStep } from './look-at-need.ts';

/** A step as somebody would type it. */
export function stepLine({ command, asRoot }: InstallStep, sudo: boolean): string {
  const line = command.map(shellQuote).join(' ');
  return asRoot && sudo ? `sudo ${line}` : line;
}

/** Whether this process may run it. */
export function mayRun({ asRoot }: InstallStep): boolean {
  return !asRoot || process.getuid?.() === 0;
}

/**
 * Runs a step; what it prints is its progress.
 *
 * @param quiet - true: nothing is shown unless it fails.
 * @throws CommandError when it fails.
 */
export async function runStep(step: InstallStep, quiet: boolean): Promise<void> {
  const [program, ...args] = step.command;
  const child = spawn(program, args, {
    // Standard output is for the command's own result.
    stdio: ['ignore', quiet ? 'ignore' : 2, quiet ? 'pipe' : 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  let said = '';
  child.stderr
    ?.setEncoding('utf8')
    .on('data', (text: string) => (said = (said + text).slice(-4000)));
  const failure = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => {
      resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`));
    });
  });
  if (failure === undefined) return;
  const why = said === '' ? (quiet ? '' : '; see the lines above') : `\n${said.trimEnd()}`;
  throw new CommandError(`"${stepLine(step, false)}" failed (${failure})${why}`);
}
