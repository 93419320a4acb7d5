import type { PluginAnswers } from './answers.ts';
import { composed, layersOf } from './layers.ts';
import type { PackageFiles } from './layers.ts';
import { placeholdersOf } from './placeholders.ts';
import { releasedWith } from './released-with.ts';
import type { ReleasedWith } from './released-with.ts';

/** Works out every file of a package. Writes nothing. */
export function planPackage(
  answers: PluginAnswers,
  versions: ReleasedWith = releasedWith(),
): PackageFiles {
  const files = new Map(
    composed(layersOf(answers), placeholdersOf(answers, versions), answers.models),
  );
  const packageJson = JSON.parse(files.get('package.json') ?? '{}') as Manifested;
  packageJson.cliproxyPlugin.provides.models = answers.models.map((match) => ({ match }));
  for (const field of ['dependencies', 'devDependencies'] as const) {
    const listed = packageJson[field];
    if (Object.keys(listed ?? {}).length === 0) Reflect.deleteProperty(packageJson, field);
    else packageJson[field] = sorted(listed ?? {});
  }
  files.set('package.json', `${JSON.stringify(packageJson, undefined, 2)}\n`);
  // The text of the licence is for the author to choose, but for the one that most take.
  if (answers.license !== 'MIT') files.delete('LICENSE');
  return files;
}

interface Manifested {
  dependencies?: Readonly<Record<string, string>>;
  devDependencies?: Readonly<Record<string, string>>;
  readonly cliproxyPlugin: { readonly provides: { models: readonly { readonly match: string }[] } };
}

function sorted(listed: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(listed).sort(([one], [other]) => (one < other ? -1 : 1)),
  );
}
