import { checkSaid, completed } from './answers.ts';
import type { GivenAnswers, PluginAnswers } from './answers.ts';
import { Cancelled, askedFor } from './ask.ts';
import type { Prompter } from './ask.ts';
import { createPlugin } from './create-plugin.ts';
import { HELP, readFlags } from './flags.ts';
import type { Flags } from './flags.ts';
import { nextSteps, toldInWords } from './next-steps.ts';
import { planPackage } from './plan-package.ts';
import { releasedWith } from './released-with.ts';
import { UsageError } from './usage-error.ts';
import { checkFolder } from './write-package.ts';

/** Where the program runs. */
export interface Surroundings {
  /** Absolute. */
  readonly cwd: string;
  /** Absent: nobody is there to ask. */
  readonly prompter?: (() => Promise<Prompter>) | undefined;
  out(text: string): void;
  err(text: string): void;
}

const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** Runs the program. Never rejects. @returns the exit code: 0 ok, 1 failed or cancelled, 2 usage. */
export async function runCreate(args: readonly string[], around: Surroundings): Promise<number> {
  // Also told as JSON where it is the flags that can't be read.
  let json = args.includes('--json');
  try {
    const flags = readFlags(args);
    json = flags.json;
    if (flags.help) around.out(HELP);
    else if (flags.version) around.out(`${releasedWith().own}\n`);
    else await create(flags, around);
    return EXIT.ok;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (json) around.out(`${JSON.stringify({ ok: false, error: message }, undefined, 2)}\n`);
    else if (error instanceof Cancelled) around.err('cancelled: nothing was written\n');
    else around.err(`create-plugin: ${message}\n`);
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

async function create(flags: Flags, around: Surroundings): Promise<void> {
  const answers = completed(await answersTo(flags, around), around.cwd);
  checkFolder(answers.folder);
  const files = flags.dryRun ? planPackage(answers) : createPlugin(answers);
  if (flags.json) {
    around.out(
      `${JSON.stringify(toldAsData(answers, [...files.keys()], flags, around.cwd), undefined, 2)}\n`,
    );
  } else {
    around.out(toldInWords(answers, files, { cwd: around.cwd, dryRun: flags.dryRun }));
  }
}

async function answersTo({ given, yes, json }: Flags, around: Surroundings): Promise<GivenAnswers> {
  if (yes) return given;
  const missing = missingFlags(given);
  if (missing.length === 0) return given;
  checkSaid(given, around.cwd);
  if (around.prompter !== undefined && !json) {
    return askedFor(given, await around.prompter(), around.cwd);
  }
  throw new UsageError(
    `nobody is there to ask: say ${missing.join(', ')}, or --yes for what is usual; --help explains them`,
  );
}

/** Without these, there is something to ask. */
function missingFlags({ folder, kind, dialect, login, baseUrl }: GivenAnswers): readonly string[] {
  const needsDialect = kind === undefined || kind === 'wire';
  return [
    ...(folder === undefined ? ['FOLDER'] : []),
    ...(kind === undefined ? ['--kind'] : []),
    ...(needsDialect && dialect === undefined ? ['--dialect'] : []),
    ...(login === undefined ? ['--auth'] : []),
    ...(baseUrl === undefined ? ['--base-url'] : []),
  ];
}

function toldAsData(
  { folder, packageName, id, kind, dialect, login, baseUrl, models, license }: PluginAnswers,
  files: readonly string[],
  { dryRun }: Flags,
  cwd: string,
): object {
  const answers = {
    folder,
    name: packageName,
    id,
    kind,
    dialect,
    auth: login,
    baseUrl,
    models,
    license,
  };
  return {
    ok: true,
    written: !dryRun,
    ...answers,
    files,
    next: nextSteps({ folder } as PluginAnswers, cwd),
  };
}
