import { builtProgram } from '../supervisor/built-program.ts';
import { childEnvironment, nameFault } from '../supervisor/child-environment.ts';
import type { ChildPlan } from '../supervisor/child-plan.ts';

/** What an isolated instance's process is started for. */
export interface LaunchWish {
  /** Unique among the instance's processes. */
  readonly name: string;
  /** In MiB. */
  readonly memoryLimitMb: number;
  /** The environment variables that the plugin's manifest names. */
  readonly allowed: ReadonlySet<string>;
  /** From its start until it serves, in milliseconds. */
  readonly readyTimeoutMs: number;
}

/** What a process may take where nothing is configured, in MiB. */
export const MEMORY_LIMIT_MB = 512;
/** Of it for what the plugin's own objects take; the rest is for buffers and for Node itself. */
const HEAP_SHARE = 0.75;
/** Shorter than those of other children: here the child is the provider. */
const PAUSES = Object.freeze({ firstMs: 200, longestMs: 1_600, loopMs: 60_000 });
const STOP_MS = 2_000;

/** How the process of an isolated instance is started. */
export function launchPlan(wish: LaunchWish): ChildPlan {
  const heapMb = Math.floor(wish.memoryLimitMb * HEAP_SHARE);
  const names = [...wish.allowed].filter((name) => nameFault(name) === undefined);
  return {
    name: wish.name,
    command: [
      process.execPath,
      `--max-old-space-size=${heapMb}`,
      // With helper threads it could keep every core busy at once, and the gateway from all of them.
      '--single-threaded-gc',
      builtProgram(import.meta.url, 'child/main.js'),
    ],
    // Relative paths in the plugin's configuration mean what they mean without isolation.
    cwd: process.cwd(),
    environment: childEnvironment(names, {}, process.env),
    readyTimeoutMs: wish.readyTimeoutMs,
    channel: false,
    linked: true,
    pauses: PAUSES,
    maxMessageBytes: 1024,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: STOP_MS,
    memoryLimitBytes: wish.memoryLimitMb * 1024 * 1024,
  };
}
