import fs from 'node:fs/promises';

/**
 * When a process was started, in clock ticks since the machine was: with the process id it means
 * this very process, where the id alone may have gone to another one since.
 *
 * @returns undefined for one that is not there, and where there is no `/proc`.
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
export async function processStart(pid: number): Promise<number | undefined> {
  try {
    const stat = await fs.readFile(`/proc/${pid}/stat`, 'latin1');
    // The name, in brackets, may hold brackets and spaces itself.
    const [state = '', ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended; only its parent has not asked how.
    if (state === 'Z' || state === 'X') return undefined;
    const ticks = Number(rest[18]);
    return Number.isFinite(ticks) ? ticks : undefined;
  } catch {
    return undefined;
  }
}
