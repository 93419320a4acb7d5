import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { OUTPUT_LOG, logFileOf } from '@cliproxy/gateway/data-place';
import { CommandError } from '../exit-codes.ts';
import type { LaunchMessage } from './launch-talk.ts';
import { openOutput } from './output-log.ts';

/** How to launch a router. */
interface LaunchOptions {
  readonly file: string;
  readonly dataFolder: string;
  /** Default: that of this process. */
  readonly cwd?: string;
  /** Node's own options. Default: those of this process. */
  readonly nodeOptions?: readonly string[];
  /** For progress. */
  note(text: string): void;
}

/** A router that is ready, in a process without a terminal. */
interface Launched {
  readonly pid: number;
  readonly url: string;
  readonly banner: string;
}

/** How many lines of a router's output tell why it ended. */
const LAST_LINES = 20;

/**
 * Starts a router in a session of its own and waits until it is ready. Ctrl+C meanwhile ends it.
 *
 * @throws CommandError as the start itself would have in the foreground; nothing runs then.
 */
export async function launchRouter(options: LaunchOptions): Promise<Launched> {
  const { file, dataFolder } = options;
  const note = (text: string): void => options.note(text);
  const output = openOutput(dataFolder);
  const stdio = output?.fd ?? 'ignore';
  const [, program = ''] = process.argv;
  const child = spawn(
    process.execPath,
    [
      ...(options.nodeOptions ?? process.execArgv),
      program,
      'start',
      '--in-background',
      '--config',
      file,
    ],
    {
      detached: true,
      stdio: ['ignore', stdio, stdio, 'ipc'],
      ...(options.cwd !== undefined && { cwd: options.cwd }),
    },
  );
  output?.close();
  const interrupt = (): void => void child.kill('SIGTERM');
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const last = await lastMessage(child, note);
    if (last?.type === 'ready') {
      return { pid: child.pid ?? 0, url: last.url, banner: last.banner };
    }
    const { code, signal } = await ended(child);
    if (last?.type === 'failed') throw new CommandError(last.message, last);
    throw new CommandError(
      [
        `the gateway ended while it started (${signal ?? `exit code ${code}`})`,
        ...lastLines(logFileOf(dataFolder, OUTPUT_LOG)),
      ].join('\n'),
    );
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    if (child.connected) child.disconnect();
    child.unref();
  }
}

/** The message that ends a start; undefined when the process ends without one. */
function lastMessage(
  child: ChildProcess,
  note: (text: string) => void,
): Promise<LaunchMessage | undefined> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(new CommandError(`Node can't be started: ${error.message}`));
    });
    // Not its exit, which may be told before the last message is.
    child.once('disconnect', () => resolve(undefined));
    child.on('message', (message: LaunchMessage) => {
      if (message.type === 'progress') note(message.text);
      else resolve(message);
    });
  });
}

async function ended(
  child: ChildProcess,
): Promise<{ readonly code: number | null; readonly signal: string | null }> {
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise((resolve) => child.once('exit', resolve));
  }
  return { code: child.exitCode, signal: child.signalCode };
}

function lastLines(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-LAST_LINES);
  } catch {
    return [];
  }
}
