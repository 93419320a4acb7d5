import path from 'node:path';
import type { PluginAnswers } from './answers.ts';
import type { PackageFiles } from './layers.ts';

/** What a person does next, one command a line. */
export function nextSteps({ folder }: PluginAnswers, cwd: string): readonly string[] {
  const to = path.relative(cwd, folder);
  return [...(to === '' ? [] : [`cd ${quoted(to)}`]), 'npm install', 'npm test'];
}

/** What was written, and what to do with it. */
export function toldInWords(
  answers: PluginAnswers,
  files: PackageFiles,
  { cwd, dryRun }: { readonly cwd: string; readonly dryRun: boolean },
): string {
  const { folder, packageName, kind, dialect, login } = answers;
  const what = [kind, ...(kind === 'wire' ? [dialect] : []), login].join(', ');
  const list = [...files.keys()].map((name) => `  ${name}`).join('\n');
  if (dryRun) return `Would write ${packageName} (${what}) into ${folder}:\n${list}\n`;
  const steps = nextSteps(answers, cwd).map((step) => `  ${step}`);
  return `Wrote ${packageName} (${what}) into ${folder}:
${list}

Next:
${steps.join('\n')}

README.md there says where to go on: the address, the models, and what an operator writes.
`;
}

function quoted(text: string): string {
  return /^[\w./@-]+$/u.test(text) ? text : JSON.stringify(text);
}
