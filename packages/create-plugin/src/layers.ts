import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PluginAnswers } from './answers.ts';
import { filled } from './placeholders.ts';
import type { Placeholders } from './placeholders.ts';

const TEMPLATES = fileURLToPath(new URL('../templates', import.meta.url));
/** npm leaves some dotfiles out of a package: they are kept under another name. */
const DOT = /(^|\/)dot-/gu;
const SECTION = /^sections\/(.+)\.md$/u;

/** Texts by their path in the package, with `/`. */
export type PackageFiles = ReadonlyMap<string, string>;

/** The folders of templates that make a package; a later one's files take the place of those before it. */
export function layersOf({ kind, dialect, login }: PluginAnswers): readonly string[] {
  const isOpenai = dialect === 'openai-chat' || dialect === 'openai-responses';
  const way = kind === 'events' ? 'events' : 'wire';
  return [
    'base',
    way,
    ...(isOpenai ? ['openai'] : []),
    ...(dialect === undefined ? [] : [dialect]),
    ...(kind === 'preset' ? ['preset'] : []),
    `login-${login}`,
    `${way}-${login}`,
    ...(dialect === undefined ? [] : [`${dialect}-${login}`]),
  ].filter((name) => existsSync(path.join(TEMPLATES, name)));
}

/**
 * Lays templates over each other. `package.json` of all layers become one; `sections/NAME.md` stands in
 * the README in the place of `<!-- section NAME -->`.
 */
export function composed(
  layers: readonly string[],
  placeholders: Placeholders,
  models: readonly string[],
): PackageFiles {
  const texts = new Map<string, string>();
  const sections = new Map<string, string>();
  let packageJson: unknown = {};
  for (const layer of layers) {
    for (const name of namesIn(path.join(TEMPLATES, layer))) {
      const text = readFileSync(path.join(TEMPLATES, layer, name), 'utf8');
      const section = SECTION.exec(name)?.[1];
      if (section !== undefined) sections.set(section, text.trimEnd());
      else if (name === 'package.json') packageJson = merged(packageJson, JSON.parse(text));
      else texts.set(name.replaceAll(DOT, '$1.'), text);
    }
  }
  texts.set('package.json', `${JSON.stringify(packageJson, undefined, 2)}\n`);
  const files = [...texts].map(([name, text]): [string, string] => {
    const whole = text.replaceAll(
      /<!-- section ([a-z-]+) -->/gu,
      (_, section: string) => sections.get(section) ?? '',
    );
    return [name, filled(whole, placeholders, models)];
  });
  return new Map(files.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function namesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .map((name) => name.split(path.sep).join('/'))
    .sort();
}

/** Objects key by key, lists one after the other, anything else as the later has it. */
function merged(one: unknown, other: unknown): unknown {
  if (Array.isArray(one) && Array.isArray(other))
    return [...(one as unknown[]), ...(other as unknown[])];
  if (!isRecord(one) || !isRecord(other)) return other;
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return Object.fromEntries(
    keys.map((key) => [
      key,
      key in one && key in other ? merged(one[key], other[key]) : (other[key] ?? one[key]),
    ]),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
