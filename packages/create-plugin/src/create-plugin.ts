import type { PluginAnswers } from './answers.ts';
import type { PackageFiles } from './layers.ts';
import { planPackage } from './plan-package.ts';
import { writePackage } from './write-package.ts';

/**
 * Writes a plugin package.
 *
 * @returns what was written.
 * @throws UsageError where the folder is not empty.
 */
export function createPlugin(answers: PluginAnswers): PackageFiles {
  const files = planPackage(answers);
  writePackage(answers.folder, files);
  return files;
}
