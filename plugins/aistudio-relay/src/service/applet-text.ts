import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';

/** Where the compiler puts the page's modules. */
const BUILT = new URL('../page/', import.meta.url);
const ENTRY = 'page/applet.js';

/**
 * The page's modules as one text that needs nothing else: what an operator pastes into a page, and
 * what the service runs in its own.
 *
 * @param options - JSON that the page begins with; absent: it asks whoever looks at it.
 * @param folder - the built modules, with a slash at the end.
 */
export async function appletText(options?: object, folder = BUILT): Promise<string> {
  const modules = new Map<string, string>();
  await link(ENTRY, folder, modules);
  const given = options === undefined ? 'undefined' : JSON.stringify(options);
  return [
    '(() => {',
    "'use strict';",
    ...modules.values(),
    `${nameOf(ENTRY)}.applet(${given});`,
    '})();',
    '',
  ].join('\n');
}

const IMPORT = /^import \{ ([^}]+) \} from '(\.{1,2}\/[^']+)';$/gm;
const EXPORT = /^export (?=(?:async )?(?:function|class|const|let) (\w+))/gm;

/** Puts a module behind those that it imports: each a function, whose names are its own. */
async function link(path: string, folder: URL, modules: Map<string, string>): Promise<void> {
  if (modules.has(path)) return;
  const source = (await readFile(new URL(path, folder), 'utf8')).replace(/^\/\/# source.*$/m, '');
  const imports = [...source.matchAll(IMPORT)].map(([, names = '', from = '']) => ({
    names: names.replaceAll(' as ', ': '),
    path: posix.join(posix.dirname(path), from),
  }));
  for (const one of imports) await link(one.path, folder, modules);
  const exported = [...source.matchAll(EXPORT)].map(([, name = '']) => name);
  const body = source.replaceAll(IMPORT, '').replaceAll(EXPORT, '').trim();
  if (/^(import|export)\b/m.test(body)) {
    throw new Error(`${path} imports or exports in a way that can't be put into one text`);
  }
  modules.set(
    path,
    [
      `const ${nameOf(path)} = (() => {`,
      ...imports.map((one) => `const { ${one.names} } = ${nameOf(one.path)};`),
      body,
      `return { ${exported.join(', ')} };`,
      '})();',
    ].join('\n'),
  );
}

function nameOf(path: string): string {
  return path.replace(/\.js$/, '').replaceAll(/\W/g, '_');
}
