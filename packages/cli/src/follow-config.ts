import { describeProblem, watchConfig } from '@cliproxy/config';
import type { ConfigWatch, LoadedConfig } from '@cliproxy/config';
import type { ConfigReload, Gateway } from '@cliproxy/gateway';
import type { CommandConfig } from './config-file.ts';
import { problemRows } from './problem-rows.ts';
import type { ProblemRow } from './problem-row.ts';

const NOT_RELOADED = 'the configuration was not reloaded, the former one stays in force';

/** A configuration file that a gateway follows. */
export interface FollowedConfig extends ConfigWatch {
  /** The same as `reload`, and tells what was wrong. Never rejects. */
  readonly reloadAndTell: () => Promise<ConfigReload>;
}

/** Brings each good state of the configuration file into force while the gateway runs. */
export function followConfig(gateway: Gateway, config: CommandConfig): FollowedConfig {
  const log = gateway.logging.logger('gateway');
  /** Of the last state of the file that was looked at. */
  let told: readonly ProblemRow[] = [];
  const apply = async (next: LoadedConfig): Promise<boolean> => {
    const { applied, problems, needsRestart } = await gateway.apply(next.settings);
    told = problemRows(problems, next);
    const level = applied ? 'warn' : 'error';
    for (const problem of problems) log[level](describeProblem(problem, next));
    if (!applied) {
      log.error(NOT_RELOADED);
      return false;
    }
    log.info('the configuration was reloaded', { file: next.file });
    if (needsRestart.length > 0) {
      log.warn(`takes effect at the next start: ${needsRestart.join(', ')}`);
    }
    return true;
  };
  const watch = watchConfig({
    file: config.file,
    env: process.env,
    checker: config.checker,
    loaded: config,
    onChange: apply,
    onRestored: () => log.info('the configuration is as before', { file: config.file }),
    onProblem: (problems, source) => {
      told = problemRows(problems, source);
      for (const problem of problems) log.error(describeProblem(problem, source));
      log.error(NOT_RELOADED);
    },
  });
  return {
    ...watch,
    async reloadAndTell() {
      const outcome = await watch.reload();
      return { outcome, problems: outcome === 'unchanged' ? [] : told };
    },
  };
}
