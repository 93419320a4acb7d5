import { object, objects, string } from './json-schema.ts';

export const pluginReloadAnswer = object(
  'PluginReload',
  {
    instance: string,
    version: { type: 'string', description: 'of the package on disk' },
    changedFile: {
      type: 'string',
      description:
        'a file that has changed since its code was imported, and is still the former one',
    },
    note: { type: 'string', description: 'what to do about it' },
  },
  ['instance', 'version'],
);

export const configReloadAnswer = object('ConfigReload', {
  outcome: { enum: ['changed', 'unchanged', 'failed'] },
  problems: { ...objects, description: 'code, message and place of each' },
});
