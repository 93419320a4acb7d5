import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';

/** SHA-256 of every file below a folder, in hexadecimal, by path with slashes; of what is no file, what it is. */
export type FileList = ReadonlyMap<string, string>;

/**
 * How long the work goes on before others have their turn, in milliseconds. A package has hundreds of small
 * files, which are read many times faster one after another than by as many promises.
 */
const TURN_MS = 4;

const LINK = 'link';
const SPECIAL = 'special';

/** Larger files are read in pieces. */
const WHOLE_BYTES = 1024 * 1024;

/** Reads every file below a folder. @param except - a name at the top that is left out. */
export async function listFiles(folder: string, except: string): Promise<FileList> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      const name = path.relative(folder, file).split(path.sep).join('/');
      return { file, name, isLink: entry.isSymbolicLink(), isFile: entry.isFile() };
    })
    .filter(({ name }) => name !== except)
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const list = new Map<string, string>();
  let begun = performance.now();
  for (const { file, name, isLink, isFile } of found) {
    if (performance.now() - begun > TURN_MS) {
      await setImmediate();
      begun = performance.now();
    }
    // A pipe would be waited for.
    if (isLink) list.set(name, LINK);
    else list.set(name, isFile ? await fileDigest(file) : SPECIAL);
  }
  return list;
}

/**
 * What in a list is no plain file. What a link leads to could become another file while the link stays as it
 * is, so there is none in what was added.
 *
 * @returns words that name it; `undefined`: there is none.
 */
export function unfitFile(list: FileList): string | undefined {
  for (const [name, digest] of list) {
    if (digest === LINK) return `${name} is a link`;
    if (digest === SPECIAL) return `${name} is no file`;
  }
  return undefined;
}

/** One file a line, as it is kept beside the files. */
export function formatFileList(list: FileList): string {
  return [...list].map(([name, digest]) => `${digest}  ${JSON.stringify(name)}\n`).join('');
}

/** @throws SyntaxError when it is no list. */
export function parseFileList(text: string): FileList {
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const at = line.indexOf('  ');
        return [String(JSON.parse(line.slice(at + 2))), line.slice(0, at)];
      }),
  );
}

/** What tells a list from every other one: `sha256-…`. */
export function listDigest(text: string): string {
  return `sha256-${digestOf(text)}`;
}

/** The first file that is not as it was, and how many there are besides; `undefined`: none. */
export function firstChange(
  recorded: FileList,
  found: FileList,
): { readonly what: string; readonly more: number } | undefined {
  const changes: string[] = [];
  for (const [name, digest] of found) {
    const was = recorded.get(name);
    if (was === undefined) changes.push(`${name} was added`);
    else if (was !== digest) changes.push(`${name} was changed`);
  }
  for (const name of recorded.keys()) if (!found.has(name)) changes.push(`${name} is missing`);
  const [what] = changes;
  return what === undefined ? undefined : { what, more: changes.length - 1 };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function fileDigest(file: string): string | Promise<string> {
  const { size } = statSync(file);
  const hash = createHash('sha256');
  if (size <= WHOLE_BYTES) return hash.update(readFileSync(file)).digest('hex');
  return pipeline(createReadStream(file), hash).then(() => hash.digest('hex'));
}
