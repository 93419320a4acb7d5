import { setTimeout as sleep } from 'node:timers/promises';
import { dataFolderOf } from '@cliproxy/config';
import { GATEWAY_LOG, folderHolder, logFileOf } from '@cliproxy/gateway/data-place';
import type { FolderOwner } from '@cliproxy/gateway/data-place';
import { configFile, readConfig } from '../config-file.ts';
import type { CommandConfig } from '../config-file.ts';
import { CommandError } from '../exit-codes.ts';
import { readFacts } from './router-facts.ts';
import type { RouterFacts } from './router-facts.ts';

/** A router that runs, whether it answers or not. */
export interface RunningRouter {
  readonly pid: number;
  /** With `pid`: this very process; absent where it can't be known. */
  readonly startTicks?: number;
  /** ISO 8601. */
  readonly since: string;
  readonly facts: Partial<RouterFacts>;
}

/** Where a configuration's router would run, and whether one does. */
export interface RouterPlace {
  readonly file: string;
  /** Absent: it can't be used; see `fault`. */
  readonly config?: CommandConfig;
  readonly fault?: CommandError;
  readonly folder: string;
  readonly log: string;
  readonly running?: RunningRouter;
  /** The process that ended without giving the folder back, if that was the last one. */
  readonly crashed?: FolderOwner;
}

/** How long an owner may take to write itself. */
const PATIENCE_MS = 5_000;

/** Looks for the router of a configuration, which need not be sound. */
export async function findRouter(given: string | undefined): Promise<RouterPlace> {
  const file = configFile(given);
  try {
    const config = await readConfig(given);
    return { config, ...(await lookAt(file, config.settings.data.folder, config)) };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { fault: error, ...(await lookAt(file, dataFolderOf(file), undefined)) };
  }
}

async function lookAt(
  file: string,
  folder: string,
  config: CommandConfig | undefined,
): Promise<Omit<RouterPlace, 'config' | 'fault'>> {
  const usual = config?.settings.log.file ?? logFileOf(folder, GATEWAY_LOG);
  const deadlineMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const { held, owner } = await folderHolder(folder);
    if (!held) return { file, folder, log: usual, ...(owner !== undefined && { crashed: owner }) };
    if (owner !== undefined) {
      const { pid, startTicks, since, details } = owner;
      const facts = readFacts(details);
      const running = { pid, since, facts, ...(startTicks !== undefined && { startTicks }) };
      return { file, folder, log: facts.log ?? usual, running };
    }
    if (performance.now() > deadlineMs) {
      throw new CommandError(
        `a process has the data folder ${folder}, and does not say which; see "ps" for one of cliproxy`,
      );
    }
    await sleep(100);
  }
}

/** What is known of the last router, and where to look. */
export function lastRun({ log, crashed }: Pick<RouterPlace, 'log' | 'crashed'>): string {
  const end =
    crashed === undefined
      ? ''
      : `The last one (PID ${crashed.pid}, since ${crashed.since}) ended without notice. `;
  return `${end}Its log: ${log}`;
}
