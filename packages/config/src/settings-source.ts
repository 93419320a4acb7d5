import { isDeepStrictEqual } from 'node:util';
import path from 'node:path';
import type { FSWatcher } from 'chokidar';
import type { Problem } from '@cliproxy/kernel';
import { ConfigError } from './config-error.ts';
import type { ProblemSource } from './describe-problem.ts';
import { loadConfig } from './load-config.ts';
import type { ConfigOrigin, LoadedConfig } from './load-config.ts';
import { createSchemaChecker } from './schema-checker.ts';

/** What to watch, and whom to tell. */
export interface WatchOptions extends ConfigOrigin {
  /** The configuration in force. */
  readonly loaded: LoadedConfig;
  /**
   * A good configuration that differs from the one in force. Awaited before the next. One that
   * rejects, or gives `false`, could not be put to work: the former one counts as in force, so that
   * the next reload tries again.
   */
  readonly onChange: (loaded: LoadedConfig) => unknown;
  /** The file can't be used, or `onChange` failed; the last good configuration stays in force. */
  readonly onProblem: (problems: readonly Problem[], source: ProblemSource) => void;
  /** After a problem the file is again as the configuration in force. */
  readonly onRestored?: () => void;
  /**
   * How long the file must have been left alone before it is read. Default 200 ms; not below 100,
   * since the watcher leaves out a change that follows another within 50 ms.
   */
  readonly settleMs?: number;
}

/** What became of a reload. */
export type ReloadOutcome = 'changed' | 'unchanged' | 'failed';

/** A configuration file under watch. */
export interface ConfigWatch {
  /** The last good configuration. */
  current(): LoadedConfig;
  /** Resolves when changes of the file are noticed. */
  readonly ready: Promise<void>;
  /** Reads the file now, as for `SIGHUP`. Never rejects. */
  reload(): Promise<ReloadOutcome>;
  /** Stops watching; a reload under way is waited for. */
  close(): Promise<void>;
}

/** How often a file that is being written gets another chance. */
const MAX_TRIES = 10;

/** Watches a configuration file and tells of each new good state of it. */
export function watchConfig(options: WatchOptions): ConfigWatch {
  const { file, env, onChange, onProblem, onRestored, settleMs = 200 } = options;
  const checker = options.checker ?? createSchemaChecker();
  let current = options.loaded;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let wasBad = false;
  let last: Promise<unknown> = Promise.resolve();

  /** A bad state is believed only when it stays: editors write in pieces, or remove and rename. */
  const readSettled = async (): Promise<LoadedConfig | ConfigError> => {
    let before: string | undefined;
    for (let tries = 1; ; tries += 1) {
      const result = await loadConfig({ file, env, checker }).catch(asConfigError);
      if (!(result instanceof ConfigError)) return result;
      if (result.message === before || tries === MAX_TRIES || isClosed) return result;
      before = result.message;
      await new Promise((resolve) => setTimeout(resolve, settleMs));
    }
  };
  const apply = async (): Promise<ReloadOutcome> => {
    const loaded = await readSettled();
    if (loaded instanceof ConfigError) {
      onProblem(loaded.problems, loaded);
      return 'failed';
    }
    const isSame = isDeepStrictEqual(loaded.settings, current.settings);
    const former = current;
    // Even then: lines may have moved.
    current = loaded;
    if (isSame) return 'unchanged';
    try {
      if ((await onChange(loaded)) !== false) return 'changed';
      current = former;
      return 'failed';
    } catch (error) {
      current = former;
      onProblem([notApplied(error)], loaded);
      return 'failed';
    }
  };
  const unexpected = (error: unknown): ReloadOutcome => {
    onProblem([notApplied(error)], current);
    return 'failed';
  };
  const noteOutcome = (outcome: ReloadOutcome): ReloadOutcome => {
    if (wasBad && outcome === 'unchanged' && !isClosed) onRestored?.();
    wasBad = outcome === 'failed';
    return outcome;
  };
  const reload = async (): Promise<ReloadOutcome> => {
    // Never rejects, since it also runs where nobody waits for it.
    const mine = last
      .then(async () => (isClosed ? 'unchanged' : apply()))
      .catch(unexpected)
      .then(noteOutcome);
    last = mine;
    return mine;
  };

  const absolute = path.resolve(file);
  const folder = path.dirname(absolute);
  // The folder, since a watch on the file itself is lost when an editor replaces it.
  let watcher: FSWatcher | undefined;
  const startWatching = async (): Promise<void> => {
    // On first use: a port can be open before anybody has to notice changes.
    const { watch } = await import('chokidar');
    if (isClosed) return;
    const started = watch(folder, {
      depth: 0,
      ignoreInitial: true,
      ignored: (found) => found !== folder && path.resolve(found) !== absolute,
    });
    watcher = started;
    started.on('all', () => {
      clearTimeout(timer);
      timer = setTimeout(() => void reload(), settleMs);
    });
    started.on('error', (error) => onProblem([notWatched(error)], current));
    await new Promise<void>((resolve) => started.once('ready', () => resolve()));
  };
  const ready = startWatching().catch((error: unknown) => {
    onProblem([notWatched(error)], current);
  });

  return {
    current: () => current,
    ready,
    reload,
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      await watcher?.close();
      await last;
    },
  };
}

function asConfigError(error: unknown): ConfigError {
  if (error instanceof ConfigError) return error;
  throw error;
}

function notApplied(error: unknown): Problem {
  const reason = error instanceof Error ? error.message : String(error);
  return {
    code: 'KERNEL_INTERNAL',
    message: `The new configuration could not be put to work: ${reason}`,
    cause: error,
  };
}

function notWatched(error: unknown): Problem {
  const reason = error instanceof Error ? error.message : String(error);
  return {
    code: 'KERNEL_INTERNAL',
    message: `Changes of the file are not noticed (${reason}); send SIGHUP after a change.`,
    cause: error,
  };
}
