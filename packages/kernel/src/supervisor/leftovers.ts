import type { Logger } from '@cliproxy/plugin-api';
import type { ChildRecord, LeftRecords } from './child-records.ts';
import { endProcesses } from './end-processes.ts';
import { environmentHas, readProcesses } from './process-table.ts';
import type { ProcessRow } from './process-table.ts';

/** The variable that every process of ours carries, and what it starts inherits. */
export const MARK_VARIABLE = 'CLIPROXY_CHILD';

/** From asking what is left to killing it, in milliseconds. A browser saves its profile meanwhile. */
const GRACE_MS = 2_000;

/**
 * Ends what a gateway of this data folder left behind when it was killed: everything with its mark,
 * and the groups of those processes that it wrote down and that are still the same ones.
 *
 * @param bootId - of now; process ids of another start of the machine mean nothing.
 * @returns how many processes there were.
 */
export async function endLeftovers(
  left: LeftRecords,
  bootId: string,
  logger: Logger,
): Promise<number> {
  const rows = await readProcesses();
  if (rows === undefined) {
    if (left.children.length > 0) logger.warn(untold(left.children));
    return 0;
  }
  const written = left.bootId === bootId ? left.children : [];
  const groups = new Set(written.filter((one) => isStill(one, rows)).map(({ pid }) => pid));
  const count = await endProcesses(async () => {
    const now = (await readProcesses()) ?? [];
    return withMark(`${left.owner}.`, now, groups);
  }, GRACE_MS);
  if (count > 0) {
    logger.warn(`ended ${count} processes that a former gateway of this data folder left behind`, {
      children: left.children.map(({ id }) => id),
    });
  }
  return count;
}

/**
 * Ends what one child left behind: its group, and what it started that has left the group.
 *
 * @param mark - of its life.
 * @param child - its process. Nothing that had begun before it is part of it.
 */
export async function endRemains(
  mark: string,
  { pid: group, startTicks }: Pick<ProcessRow, 'pid' | 'startTicks'>,
): Promise<number> {
  return endProcesses(async () => {
    const rows = await readProcesses();
    if (rows === undefined) return groupRemains(group);
    // Its own number again as a process: somebody else's by now, who may have a group of his own.
    const taken = rows.some(({ pid }) => pid === group);
    const later = rows.filter((row) => row.startTicks >= startTicks);
    return withMark(mark, later, new Set(taken ? [] : [group]));
  }, GRACE_MS);
}

/** Those with a mark and those in a group; never this process. */
async function withMark(
  mark: string,
  rows: readonly ProcessRow[],
  groups: ReadonlySet<number>,
): Promise<readonly number[]> {
  const text = `${MARK_VARIABLE}=${mark}`;
  const found = await Promise.all(
    rows.map(async ({ pid, group }) => {
      if (pid === process.pid || pid <= 1) return undefined;
      return groups.has(group) || (await environmentHas(pid, text)) ? pid : undefined;
    }),
  );
  return found.filter((pid) => pid !== undefined);
}

function isStill({ pid, startTicks }: ChildRecord, rows: readonly ProcessRow[]): boolean {
  return rows.some((row) => row.pid === pid && row.startTicks === startTicks && row.group === pid);
}

/** Without `/proc`: the group as a whole, if anything of it is left. */
function groupRemains(group: number): readonly number[] {
  if (process.platform === 'win32') return [];
  try {
    process.kill(-group, 0);
    return [-group];
  } catch {
    return [];
  }
}

function untold(children: readonly ChildRecord[]): string {
  const list = children.map(({ id, pid }) => `${id} (PID ${pid})`).join(', ');
  return (
    `a former gateway of this data folder did not end as it should, and may have left ${list}; ` +
    'this system has no /proc, where it would be seen whether they are still the same processes: ' +
    'look for yourself, and end them if they are'
  );
}
