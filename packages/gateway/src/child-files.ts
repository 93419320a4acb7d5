import { rmSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { ChildFiles, ChildLog } from '@cliproxy/kernel';
import type { Logging } from './logging/create-logging.ts';
import { childLogName } from './logging/log-folder.ts';

/** Where child processes have their logs and folders. */
export interface GatewayChildFiles extends ChildFiles {
  /** Removes what was for this run alone. */
  close(): void;
}

/**
 * Keeps what belongs to child processes in the data folder: logs under `logs/`, and for each child a
 * folder of its own under `children/`. Without a data folder what they print goes into the gateway's
 * own log, for those who want details, and their folders go with the gateway.
 */
export function createChildFiles(
  logging: Logging,
  dataFolder: string | undefined,
): GatewayChildFiles {
  let temporary: Promise<string> | undefined;
  let made: string | undefined;
  const base = async (): Promise<string> => {
    if (dataFolder !== undefined) return path.join(dataFolder, 'children');
    temporary ??= mkdtemp(path.join(os.tmpdir(), 'cliproxy-children-'));
    made = await temporary;
    return made;
  };
  return {
    log: (instanceId, child) =>
      logging.childLog(instanceId, child) ?? intoGatewayLog(logging, `${instanceId}/${child}`),
    async folder(instanceId, child) {
      const folder = path.join(await base(), childLogName(instanceId, child));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return folder;
    },
    close() {
      if (made !== undefined) rmSync(made, { recursive: true, force: true });
    },
  };
}

function intoGatewayLog(logging: Logging, name: string): ChildLog {
  const logger = logging.logger(name);
  return {
    write: (line) => logger.debug(line),
    close: () => Promise.resolve(),
  };
}
