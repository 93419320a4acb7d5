export type { PluginAnswers } from './answers.ts';
export { createPlugin } from './create-plugin.ts';
export { runCreate } from './run-create.ts';
export type { Surroundings } from './run-create.ts';
