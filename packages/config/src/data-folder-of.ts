import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readData } from './sections/data-section.ts';
import { readYaml } from './yaml-document.ts';

/**
 * The data folder of a configuration that need not be sound, for what must go on nevertheless, such
 * as ending a gateway. Where the file doesn't tell, or can't be read, it is the usual one.
 */
export function dataFolderOf(file: string): string {
  const baseDir = path.dirname(path.resolve(file));
  const { folder } = readData({}, baseDir);
  try {
    const { data } = readYaml(readFileSync(file, 'utf8')).value as {
      readonly data?: { readonly folder?: unknown };
    };
    const named = data?.folder;
    // What comes from the environment is not looked up: it may be what is wrong.
    if (typeof named !== 'string' || named === '' || named.includes('${')) return folder;
    return readData({ folder: named }, baseDir).folder;
  } catch {
    return folder;
  }
}
