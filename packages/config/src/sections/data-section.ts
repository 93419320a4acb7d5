import path from 'node:path';
import type { DataSettings } from '../settings.ts';

/** Schema of `data`. */
export const dataSchema = {
  type: 'object',
  description: 'Where logins and the state of accounts are kept.',
  additionalProperties: false,
  default: {},
  properties: {
    folder: {
      type: 'string',
      description:
        'Folder of its own; relative to the folder of this file. Default: .cliproxy/data beside this file.',
      minLength: 1,
    },
    keyFile: {
      type: 'string',
      description:
        'File with the key that logins are sealed with, for example a mounted secret; relative to the folder of this file. Default: $CLIPROXY_VAULT_KEY, or a file beside the data folder that is made at first use.',
      minLength: 1,
    },
  },
} as const;

/** The section as it stands in the file. */
export type DataSection = Partial<DataSettings>;

/** @param baseDir - the folder of the file. */
export function readData({ folder, keyFile }: DataSection, baseDir: string): DataSettings {
  // The file may stand in such a folder itself, as the one that a first start writes does.
  const usual = path.basename(baseDir) === '.cliproxy' ? 'data' : path.join('.cliproxy', 'data');
  return {
    folder: path.resolve(baseDir, folder ?? usual),
    ...(keyFile === undefined ? {} : { keyFile: path.resolve(baseDir, keyFile) }),
  };
}
