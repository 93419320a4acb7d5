import { parseArgs } from 'node:util';
import type { GivenAnswers } from './answers.ts';
import { DIALECTS, KINDS, LOGINS } from './choices.ts';
import type { Choice } from './choices.ts';
import { UsageError } from './usage-error.ts';

/** A command line, read. */
export interface Flags {
  readonly given: GivenAnswers;
  /** Ask nothing: what is not said is as usual. */
  readonly yes: boolean;
  /** Say what would be written, and write nothing. */
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

/** @throws UsageError that names what is not known. */
export function readFlags(args: readonly string[]): Flags {
  const { values, positionals } = parsed(args);
  const [folder, second] = positionals;
  if (second !== undefined) {
    throw new UsageError(
      `one folder is written at a time: ${JSON.stringify(second)} is one too many`,
    );
  }
  return {
    given: {
      folder,
      kind: values.kind,
      dialect: values.dialect,
      login: values.auth,
      baseUrl: values['base-url'],
      packageName: values.name,
      id: values.id,
      models: values.models,
      license: values.license,
    },
    yes: values.yes,
    dryRun: values['dry-run'],
    json: values.json,
    help: values.help,
    version: values.version,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        kind: text,
        dialect: text,
        auth: text,
        'base-url': text,
        name: text,
        id: text,
        models: text,
        license: text,
        yes: { ...flag, short: 'y' },
        'dry-run': flag,
        json: flag,
        help: { ...flag, short: 'h' },
        version: flag,
      },
    });
  } catch (error) {
    const [sentence = ''] = (error instanceof Error ? error.message : String(error)).split('. ');
    throw new UsageError(`${sentence}; --help lists what there is`);
  }
}

/** What `--help` prints. */
export const HELP = `npm create @cliproxy/plugin@latest [FOLDER] -- [flags]

Writes a provider plugin for cliproxy: a small package with tests, README and CI that passes the
checks of the contract at once. Asks for what the flags don't say.

  --kind KIND        ${listed(KINDS)}
  --dialect DIALECT  what the API speaks, with --kind wire:
                     ${listed(DIALECTS)}
  --auth LOGIN       ${listed(LOGINS)}
  --base-url URL     where the API is, as its own SDK means it
  --name NAME        of the package; default cliproxy-plugin-ID
  --id ID            of the plugin; default: the folder's name
  --models NAMES     names or patterns of its models, separated by commas; default ID-*
  --license SPDX     default MIT
  -y, --yes          ask nothing: what is not said is as usual
  --dry-run          say what would be written, and write nothing
  --json             tell it as JSON
  -h, --help         this text
  --version          the version of this program

kinds:
${described(KINDS)}
logins:
${described(LOGINS)}
`;

function listed(choices: readonly Choice<string>[]): string {
  return choices.map(({ value }) => value).join(' | ');
}

function described(choices: readonly Choice<string>[]): string {
  return choices.map(({ value, hint }) => `  ${value.padEnd(9)} ${hint}`).join('\n');
}
