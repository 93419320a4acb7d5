import { type ChildProcess as NodeChild, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { ChildChannel } from './child-channel.ts';
import type { ChannelListener } from './child-channel.ts';
import type { ChildPlan } from './child-plan.ts';
import { signal } from './end-processes.ts';
import { MARK_VARIABLE } from './leftovers.ts';
import type { OutputLog } from './output-log.ts';

/** How a process ended: by itself, or never begun. */
export interface ProcessEnd {
  readonly code?: number;
  readonly signal?: string;
  /** One sentence. */
  readonly reason: string;
}

/** What a process is made of. */
export interface ProcessStart {
  readonly plan: ChildPlan;
  readonly cwd: string;
  readonly mark: string;
  readonly output: OutputLog;
  /** For a plan with a channel. */
  readonly listener: ChannelListener;
}

/** The descriptor of a child's channel. */
const CHANNEL_FD = 3;
/** Rather it than the gateway, when the machine runs out of memory; 0 is what others have. */
const OOM_SCORE = '500';

/** One process of a child, the leader of a group of its own. */
export class ChildProcess {
  /** Absent: it could not be started. */
  readonly pid: number | undefined;
  /** Resolves when it is gone; never rejects. */
  readonly ended: Promise<ProcessEnd>;
  readonly channel: ChildChannel | undefined;
  /** For a plan that is `linked`. */
  readonly socket: Duplex | undefined;
  readonly #child: NodeChild;
  #gone = false;
  #timer: NodeJS.Timeout | undefined;

  constructor({ plan, cwd, mark, output, listener }: ProcessStart) {
    const [program, ...args] = plan.command;
    this.#child = spawn(program, args, {
      cwd,
      env: {
        ...plan.environment,
        [MARK_VARIABLE]: mark,
        ...(plan.channel ? { NODE_CHANNEL_FD: String(CHANNEL_FD) } : {}),
      },
      stdio: ['ignore', 'pipe', 'pipe', ...(plan.channel || plan.linked ? ['pipe' as const] : [])],
      // Its own session: signals to the whole of it, and none from the gateway's terminal.
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    this.pid = this.#child.pid;
    this.ended = this.#watch(program, cwd);
    const { stdout, stderr } = this.#child;
    if (this.pid === undefined) return;
    output.begin(this.pid);
    if (stdout !== null) output.take(stdout);
    if (stderr !== null) output.take(stderr);
    if (plan.linked) this.socket = this.#child.stdio[CHANNEL_FD] as Duplex;
    if (plan.channel) {
      const socket = this.#child.stdio[CHANNEL_FD] as Duplex;
      this.channel = new ChildChannel(socket, plan.maxMessageBytes, listener);
    }
    writeFile(`/proc/${this.pid}/oom_score_adj`, OOM_SCORE).catch(() => undefined);
  }

  /** Asks it to end, and after the time-out kills its group. */
  stop(name: NodeJS.Signals, timeoutMs: number): void {
    if (this.#gone || this.pid === undefined) return;
    this.#signal(name);
    this.#timer ??= setTimeout(() => this.kill(), timeoutMs);
  }

  /** Ends its group now. */
  kill(): void {
    this.#signal('SIGKILL');
  }

  /** Lets go of what others may hold open: they are no part of it any more. */
  close(): void {
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    this.channel?.close();
    this.socket?.destroy();
  }

  #signal(name: NodeJS.Signals): void {
    // Not once it is gone: its number may be another's by then.
    if (this.#gone || this.pid === undefined) return;
    if (process.platform === 'win32') this.#child.kill(name);
    else signal(-this.pid, name);
  }

  #watch(program: string, cwd: string): Promise<ProcessEnd> {
    return new Promise((resolve) => {
      this.#child.once('error', (error) => {
        if (this.pid === undefined) resolve({ reason: failureOf(error, program, cwd) });
      });
      this.#child.once('exit', (code, by) => {
        this.#gone = true;
        clearTimeout(this.#timer);
        if (code !== null) resolve({ code, reason: `exited with code ${code}` });
        else resolve({ signal: by ?? 'unknown', reason: `was ended by ${by ?? 'a signal'}` });
      });
    });
  }
}

function failureOf(error: NodeJS.ErrnoException, program: string, cwd: string): string {
  switch (error.code) {
    case 'ENOENT':
      return `can't be started: no program "${program}" on PATH, or no folder ${cwd}`;
    case 'EACCES':
      return `can't be started: "${program}" may not be executed`;
    default:
      return `can't be started: ${error.message}`;
  }
}
