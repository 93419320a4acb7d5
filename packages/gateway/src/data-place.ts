/**
 * What can be known of a gateway by its data folder, whether it runs or not. An entry of its own: commands
 * that only look do without all that a gateway is made of.
 */
export { folderHolder, processStart } from '@cliproxy/vault';
export type { FolderHolder, FolderOwner } from '@cliproxy/vault';
export { GATEWAY_LOG, OUTPUT_LOG, listLogs, logFileOf, logFolder } from './logging/log-folder.ts';
export { harmlessLine, readLogLine } from './logging/readable-line.ts';
export type { ReadLine } from './logging/readable-line.ts';
