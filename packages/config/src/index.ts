export { dataFolderOf } from './data-folder-of.ts';
export { ConfigError } from './config-error.ts';
export { describeProblem, problemPosition } from './describe-problem.ts';
export type { ProblemSource } from './describe-problem.ts';
export { didYouMean } from './did-you-mean.ts';
export { editEnabled, editNewPlugin, pluginEntryText } from './edit/edit-plugins.ts';
export type { NewPluginEntry } from './edit/edit-plugins.ts';
export type { Env } from './expand-env.ts';
export { writeFirstConfig } from './first-start.ts';
export type { FirstConfig } from './first-start.ts';
export { configJsonSchema } from './json-schema.ts';
export { loadConfig, parseConfig } from './load-config.ts';
export type { ConfigOrigin, LoadedConfig } from './load-config.ts';
export type { Position } from './position.ts';
export { maskedConfig, printConfig } from './print-config.ts';
export { createSchemaChecker } from './schema-checker.ts';
export type { ConfigChecker } from './schema-checker.ts';
export { watchConfig } from './settings-source.ts';
export type { ConfigWatch, ReloadOutcome, WatchOptions } from './settings-source.ts';
export type {
  GatewaySettings,
  LogLevel,
  DataSettings,
  LogSettings,
  ServerSettings,
} from './settings.ts';
