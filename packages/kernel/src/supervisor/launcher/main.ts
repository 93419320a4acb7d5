/** The program of the launcher: starts processes as the gateway says, and ends with it. */
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { signal } from '../end-processes.ts';
import { DESCRIPTORS } from './launch-messages.ts';
import type { LauncherAsk, LauncherNews } from './launch-messages.ts';
import { standBack, standSessionBack } from './stand-back.ts';

/** What has come for a process that is not started yet. */
const descriptors = new Map<number, readonly Socket[]>();
const running = new Set<number>();

function launch({ id, order }: Extract<LauncherAsk, { type: 'launch' }>): void {
  const [program, ...args] = order.command;
  const given = descriptors.get(id) ?? [];
  descriptors.delete(id);
  try {
    // One that was lost on the way, for want of descriptors, would have the next one stand in its place.
    if (given.length < DESCRIPTORS) throw new Error('the system has no descriptor left for it');
    const child = spawn(program, args, {
      cwd: order.cwd,
      env: order.environment,
      stdio: ['ignore', ...given],
      detached: true,
    });
    const { pid } = child;
    child.on('error', (error) => {
      if (pid === undefined) fail(id, error);
    });
    if (pid === undefined) return;
    running.add(pid);
    standSessionBack(pid, () => running.has(pid));
    tell({ type: 'started', id, pid });
    child.once('exit', (code, by) => {
      running.delete(pid);
      tell({ type: 'ended', id, code, signal: by });
    });
  } catch (error) {
    fail(id, error as Error);
  } finally {
    // The process has its own.
    for (const socket of given) socket.destroy();
  }
}

function fail(id: number, { code, message }: NodeJS.ErrnoException): void {
  tell({ type: 'failed', id, code, message });
}

function tell(news: LauncherNews): void {
  // Without the gateway there is nobody to tell.
  process.send?.(news, undefined, undefined, () => undefined);
}

// What asks all processes to end at once asks the gateway, too, which has these end in its order.
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => undefined);
process.on('disconnect', () => {
  for (const pid of running) signal(-pid, 'SIGKILL');
  process.exit();
});
process.on('message', (ask: LauncherAsk, socket?: Socket) => {
  if (ask.type === 'launch') launch(ask);
  else if (socket !== undefined) {
    descriptors.set(ask.id, [...(descriptors.get(ask.id) ?? []), socket]);
  }
});
standBack();
// It may have gone before anybody listened.
if (!process.connected) process.exit();
