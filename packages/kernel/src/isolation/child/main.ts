/** The program of a plugin's process. Its descriptor 3 leads to the gateway. */
import { readdirSync } from 'node:fs';
import { Socket } from 'node:net';
import os from 'node:os';
import { PluginProcess } from './plugin-process.ts';

const GATEWAY_FD = 3;
/** Behind the gateway where both want the same core; 0 is what the gateway has. */
const NICENESS = 5;
const FAULT_CODE = 70;

/** Each thread for itself: on Linux niceness is the thread's. */
function stepBack(): void {
  let threads: readonly string[] = ['0'];
  try {
    threads = readdirSync('/proc/self/task');
  } catch {
    // No /proc: the process as a whole.
  }
  for (const thread of threads) {
    try {
      os.setPriority(Number(thread), NICENESS);
    } catch {
      // It has ended, or the system has no such thing.
    }
  }
}

/** The last line is what the gateway says of its end. */
function onFault(kind: string, fault: unknown): void {
  const error = fault instanceof Error ? fault : new Error(String(fault));
  console.error(`${error.stack ?? error.message}\n${kind} ${error.name}: ${error.message}`);
  process.exit(FAULT_CODE);
}

process.on('uncaughtException', (error) => onFault('uncaught', error));
process.on('unhandledRejection', (reason) => onFault('unhandled rejection of', reason));
process.on('SIGTERM', () => process.exit(0));
stepBack();
new PluginProcess(new Socket({ fd: GATEWAY_FD }), () => process.exit(0));
