import { closeSync, openSync, readSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** One process of this machine. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** When it was started, in clock ticks since the machine was. With `pid`: this very process. */
  readonly startTicks: number;
}

/** Which start of the machine this is; absent where it can't be known. */
export async function bootId(): Promise<string | undefined> {
  return (await read('/proc/sys/kernel/random/boot_id'))?.trim();
}

/** Longest that a look at the table may keep requests waiting in one go, in milliseconds. */
const SLICE_MS = 0.5;

/** Every process that has not ended, or undefined where there is no `/proc`. */
export async function readProcesses(): Promise<readonly ProcessRow[] | undefined> {
  let names: readonly string[];
  try {
    names = await readdir('/proc');
  } catch {
    return undefined;
  }
  const found: ProcessRow[] = [];
  let begunMs = performance.now();
  for (const name of names) {
    if (!/^\d+$/u.test(name)) continue;
    const row = readProcess(Number(name));
    if (row !== undefined) found.push(row);
    if (performance.now() - begunMs < SLICE_MS) continue;
    await nextTurn();
    begunMs = performance.now();
  }
  return found.length === 0 ? undefined : found;
}

/** What a process has had of the processor, and whether it wants more of it now. */
export interface ProcessorUse {
  /** Of all its threads, in milliseconds. */
  readonly usedMs: number;
  /** Its first thread runs, or waits for its turn to. */
  readonly wants: boolean;
}

/** Undefined where there is no `/proc`, and once it has ended. */
export function processorUse(pid: number): ProcessorUse | undefined {
  const stat = readShort(`/proc/${pid}/stat`);
  if (stat === '') return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    usedMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
    wants: fields[0] === 'R',
  };
}

/** What `/proc` counts in: 100 a second on every system that Node runs on. */
const TICK_MS = 10;

/** One process, unless it has ended. */
export function readProcess(pid: number): ProcessRow | undefined {
  const stat = readShort(`/proc/${pid}/stat`);
  return stat === '' ? undefined : parseStat(stat);
}

/**
 * A line of `/proc/PID/stat`; undefined for a zombie, which is no process any more.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
function parseStat(stat: string): ProcessRow | undefined {
  // The name, in brackets, may hold brackets and spaces itself.
  const [state, parent, group, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === undefined || state === 'Z' || state === 'X') return undefined;
  return {
    pid: Number.parseInt(stat, 10),
    parent: Number(parent),
    group: Number(group),
    startTicks: Number(rest[16]),
  };
}

/** Whether a process was started with this text in its environment. False where none may look. */
export async function environmentHas(pid: number, text: string): Promise<boolean> {
  const environment = await read(`/proc/${pid}/environ`);
  return environment !== undefined && `\0${environment}`.includes(`\0${text}`);
}

/** Resident memory of a process, in bytes; 0 once it has ended. */
export function residentBytes(pid: number): number {
  const status = readShort(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s*(\d+) kB$/mu.exec(status)?.[1] ?? 0) * 1024;
}

/** A process, its group, and everything that descends from it. */
export function familyOf(pid: number, rows: readonly ProcessRow[]): readonly number[] {
  const family = new Set([pid]);
  for (const row of rows) if (row.group === pid) family.add(row.pid);
  for (let size = 0; size !== family.size;) {
    size = family.size;
    for (const row of rows) if (family.has(row.parent)) family.add(row.pid);
  }
  return [...family];
}

/** More than any of them is long, with thousands of groups in `status`. */
const room = Buffer.alloc(64 * 1024);

/**
 * A short file of `/proc`; empty when its process has ended. Read at once: it comes from memory and
 * waits for nobody, and by way of the thread pool it would cost several times as much.
 */
function readShort(file: string): string {
  let opened: number | undefined;
  try {
    opened = openSync(file, 'r');
    return room.toString('latin1', 0, readSync(opened, room));
  } catch {
    return '';
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

/** For files that may be long, or wait for their process. */
async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'latin1');
  } catch {
    return undefined;
  }
}
