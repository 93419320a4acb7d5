import { readFileSync } from 'node:fs';
import { CommandError, EXIT } from '../exit-codes.ts';

/** Options that name what the person has. */
export interface InputOptions {
  readonly tokenFile?: string;
  /** Each as `name=file`. */
  readonly input?: readonly string[];
}

/**
 * What a login is given, by name. From files alone: what stands in a command line can be read by
 * everybody on the machine, and is kept in the shell's history.
 *
 * @throws CommandError that names the file.
 */
export function readInputs({ tokenFile, input = [] }: InputOptions): Record<string, string> {
  const files = input.map((pair): [string, string] => {
    const at = pair.indexOf('=');
    if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
    throw new CommandError(`--input ${pair} is not of the form NAME=FILE`, {
      exitCode: EXIT.usage,
    });
  });
  if (tokenFile !== undefined) files.push(['token', tokenFile]);
  return Object.fromEntries(files.map(([name, file]) => [name, contentOf(file)]));
}

function contentOf(file: string): string {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8').trim();
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    throw new CommandError(`${file} can't be read (${code})`);
  }
  if (text === '') throw new CommandError(`${file === '-' ? 'standard input' : file} is empty`);
  return text;
}
