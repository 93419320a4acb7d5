import path from 'node:path';
import { baseUrlOf, completed, folderOf, idOf, packageNameOf, usualBaseUrl } from './answers.ts';
import type { GivenAnswers } from './answers.ts';
import { DIALECTS, KINDS, LOGINS } from './choices.ts';
import type { Choice } from './choices.ts';
import { checkFolder } from './write-package.ts';

/** Who answers: a person at a terminal, or a test. */
export interface Prompter {
  choose(question: string, choices: readonly Choice<string>[]): Promise<string>;
  /** @param refuse - throws where an answer won't do; its message is shown, and it is asked again. */
  text(question: string, usual: string, refuse: (answer: string) => unknown): Promise<string>;
}

/** The person does not want to go on. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/**
 * Asks for what was not said.
 *
 * @param cwd - absolute folder that the package's folder is relative to.
 * @throws UsageError for what was said; Cancelled.
 */
export async function askedFor(
  given: GivenAnswers,
  prompter: Prompter,
  cwd: string,
): Promise<GivenAnswers> {
  const folder =
    given.folder ??
    (await prompter.text('Folder to write', 'my-provider', (answer) => {
      checkFolder(path.resolve(cwd, folderOf(answer)));
      idOf(given.id, path.resolve(cwd, answer));
    }));
  const absolute = path.resolve(cwd, folder);
  checkFolder(absolute);
  const kind = given.kind ?? (await prompter.choose('What is the API like?', KINDS));
  const dialect =
    kind === 'wire'
      ? (given.dialect ?? (await prompter.choose('Which dialect does it speak?', DIALECTS)))
      : given.dialect;
  const login = given.login ?? (await prompter.choose('How do accounts log in?', LOGINS));
  const { dialect: spoken } = completed({ ...given, folder, kind, dialect, login }, cwd);
  const baseUrl =
    given.baseUrl ?? (await prompter.text('Where is the API?', usualBaseUrl(spoken), baseUrlOf));
  const packageName =
    given.packageName ??
    (await prompter.text(
      'Name of the package on npm',
      `cliproxy-plugin-${idOf(given.id, absolute)}`,
      packageNameOf,
    ));
  return { ...given, folder, kind, dialect, login, baseUrl, packageName };
}
