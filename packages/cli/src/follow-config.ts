import { describeProblem, watchConfig } from '@cliproxy/config';
import type { ConfigWatch, LoadedConfig } from '@cliproxy/config';
import type { Gateway } from '@cliproxy/gateway';
import type { CommandConfig } from './config-file.ts';

const NOT_RELOADED = 'the configuration was not reloaded, the former one stays in force';

/** Brings each good state of the configuration file into force while the gateway runs. */
export function followConfig(gateway: Gateway, config: CommandConfig): ConfigWatch {
  const log = gateway.logging.logger('gateway');
  const apply = async (next: LoadedConfig): Promise<boolean> => {
    const { applied, problems, needsRestart } = await gateway.apply(next.settings);
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
  return watchConfig({
    file: config.file,
    env: process.env,
    checker: config.checker,
    loaded: config,
    onChange: apply,
    onRestored: () => log.info('the configuration is as before', { file: config.file }),
    onProblem: (problems, source) => {
      for (const problem of problems) log.error(describeProblem(problem, source));
      log.error(NOT_RELOADED);
    },
  });
}
