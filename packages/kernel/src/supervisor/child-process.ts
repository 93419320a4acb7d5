import { writeFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { ChildChannel } from './child-channel.ts';
import type { ChannelListener } from './child-channel.ts';
import type { ChildPlan } from './child-plan.ts';
import { signal } from './end-processes.ts';
import type { Launcher } from './launcher/launcher.ts';
import { MARK_VARIABLE } from './leftovers.ts';
import type { OutputLog } from './output-log.ts';
import { SOCKET_FD, startProcess } from './start-process.ts';
import type { ProcessEnd, StartedProcess } from './start-process.ts';

/** What a process is made of. */
export interface ProcessStart {
  readonly plan: ChildPlan;
  readonly cwd: string;
  readonly mark: string;
  readonly output: OutputLog;
  /** For a plan with a channel. */
  readonly listener: ChannelListener;
  /** For a plan that is `linked`. */
  readonly launcher: Launcher;
}

/** Rather it than the gateway, when the machine runs out of memory; 0 is what others have. */
const OOM_SCORE = '500';

/** One process of a child, the leader of a group of its own. */
export class ChildProcess {
  readonly pid: number;
  /** As {@link StartedProcess.ended}. */
  readonly ended: Promise<ProcessEnd>;
  readonly channel: ChildChannel | undefined;
  /** For a plan that is `linked`. */
  readonly socket: Duplex | undefined;
  readonly #started: StartedProcess;
  #gone = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor(started: StartedProcess, { plan, output, listener }: ProcessStart) {
    const { pid, stdout, stderr, socket, ended } = started;
    this.#started = started;
    this.pid = pid;
    this.ended = ended.finally(() => {
      this.#gone = true;
      clearTimeout(this.#timer);
    });
    output.begin(pid);
    output.take(stdout);
    output.take(stderr);
    if (plan.linked) this.socket = socket;
    else if (socket !== undefined) {
      this.channel = new ChildChannel(socket, plan.maxMessageBytes, listener);
    }
    writeFile(`/proc/${pid}/oom_score_adj`, OOM_SCORE).catch(() => undefined);
  }

  /** @throws Error that says why it can't be started. */
  static async start(start: ProcessStart): Promise<ChildProcess> {
    const { plan, cwd, mark, launcher } = start;
    const environment = {
      ...plan.environment,
      [MARK_VARIABLE]: mark,
      ...(plan.channel ? { NODE_CHANNEL_FD: String(SOCKET_FD) } : {}),
    };
    const order = { command: plan.command, cwd, environment };
    const started = plan.linked ? launcher.start(order) : startProcess(order, plan.channel);
    return new ChildProcess(await started, start);
  }

  /** Asks it to end, and after the time-out kills its group. */
  stop(name: NodeJS.Signals, timeoutMs: number): void {
    if (this.#gone) return;
    this.#signal(name);
    this.#timer ??= setTimeout(() => this.kill(), timeoutMs);
  }

  /** Ends its group now. */
  kill(): void {
    // What it would still say is of no use.
    this.socket?.destroy();
    this.#signal('SIGKILL');
  }

  /** Lets go of what others may hold open: they are no part of it any more. */
  close(): void {
    this.#started.stdout.destroy();
    this.#started.stderr.destroy();
    this.channel?.close();
    this.socket?.destroy();
  }

  #signal(name: NodeJS.Signals): void {
    // Not once it is gone: its number may be another's by then.
    if (!this.#gone) signal(process.platform === 'win32' ? this.pid : -this.pid, name);
  }
}
