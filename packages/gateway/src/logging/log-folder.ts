import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** The gateway's own log among those of a data folder. */
export const GATEWAY_LOG = 'gateway';

/** What a detached gateway's process prints besides its log, as it is. */
export const OUTPUT_LOG = 'output';

/**
 * The folder of a data folder's logs. In it are `gateway.log`, `output.log` and one file per child process,
 * `<instance>.<child>.log`; what was rotated away has `.1`, `.2` and so on behind its name.
 */
export function logFolder(dataFolder: string): string {
  return path.join(dataFolder, 'logs');
}

/** A log's file. @param name - {@link GATEWAY_LOG}, or what {@link childLogName} gives. */
export function logFileOf(dataFolder: string, name: string): string {
  return path.join(logFolder(dataFolder), `${name}.log`);
}

/** What a child's log is called. A child's own name has no dot in it, so the last one parts them. */
export function childLogName(instanceId: string, child: string): string {
  return `${instanceId}.${child}`;
}

/** The names of the logs that are there, in their order. */
export async function listLogs(dataFolder: string): Promise<readonly string[]> {
  let names: readonly string[];
  try {
    names = await readdir(logFolder(dataFolder));
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith('.log'))
    .map((name) => name.slice(0, -'.log'.length))
    .sort();
}
