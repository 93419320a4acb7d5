import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { createPlugin } from '@cliproxy/create-plugin';
import { nameOf } from './combinations.ts';
import type { Combination } from './combinations.ts';

/** The folder of this repository, whose packages stand in for those of a registry. */
export const root = path.resolve(import.meta.dirname, '../..');

/**
 * Writes the package of a combination, with what it needs from this repository.
 *
 * @param parent - absolute folder.
 * @returns the package's folder.
 */
export function writeCombination(parent: string, combination: Combination): string {
  const id = nameOf(combination);
  const folder = path.join(parent, id);
  const hasVersion = combination.kind !== 'events' && combination.dialect?.startsWith('openai');
  createPlugin({
    ...combination,
    folder,
    id,
    packageName: `cliproxy-plugin-${id}`,
    baseUrl: hasVersion === true ? 'https://api.example.com/v1' : 'https://api.example.com',
    models: combination.kind === 'preset' ? ['acme-large', 'acme-small'] : ['acme-*'],
    license: 'MIT',
  });
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'), 'junction');
  return folder;
}
