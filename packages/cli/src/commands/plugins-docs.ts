import type { Command } from 'commander';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { installedPlugin } from '../plugins/installed-plugin.ts';
import { settingRows } from '../plugins/setting-rows.ts';
import type { SettingRow } from '../plugins/setting-rows.ts';
import { createPrinter, table } from '../terminal.ts';

/** `cliproxy plugins docs`. */
export function docsCommand(): Command {
  return listingCommand('docs', {
    description: 'show what a plugin says of itself: settings, permissions, models, its README',
    example: 'cliproxy plugins docs openai-compatible',
  })
    .argument('<plugin>', 'an instance, a package or a folder')
    .action(async (name: string, options: CommonOptions) => {
      const { look } = await installedPlugin(name, options.config);
      const { name: packageName, version, manifest } = look.package;
      const { permissions, provides, apiVersion, experimental, id } = manifest;
      const about = await aboutPackage(look.folder);
      const settings = settingRows(look.schema);
      const docs = {
        package: packageName,
        version,
        id,
        apiVersion,
        experimental,
        ...about,
        folder: look.folder,
        permissions,
        models: provides.models,
        authenticators: provides.authenticators,
        settings,
      };
      createPrinter(options.json).result(docs, text(docs));
    });
}

interface About {
  readonly description?: string;
  readonly homepage?: string;
  readonly readme?: string;
}

type Docs = About & {
  readonly package: string;
  readonly version: string;
  readonly id: string;
  readonly apiVersion: string;
  readonly experimental: boolean;
  readonly folder: string;
  readonly permissions: {
    readonly hosts: readonly string[];
    readonly env: readonly string[];
    readonly childProcess: boolean;
  };
  readonly models: readonly { readonly match: string; readonly upstream?: string }[];
  readonly authenticators: readonly string[];
  readonly settings: readonly SettingRow[];
};

async function aboutPackage(folder: string): Promise<About> {
  const read = (file: string): Promise<string | undefined> =>
    readFile(path.join(folder, file), 'utf8').catch(() => undefined);
  const json = JSON.parse((await read('package.json')) ?? '{}') as Readonly<
    Record<string, unknown>
  >;
  const { description, homepage } = json;
  const readme = (await read('README.md')) ?? (await read('readme.md'));
  return {
    ...(typeof description === 'string' && { description }),
    ...(typeof homepage === 'string' && { homepage }),
    ...(readme !== undefined && { readme: readme.trim() }),
  };
}

function text(docs: Docs): string {
  const { permissions, models } = docs;
  const orNone = (words: readonly string[]): string => words.join(', ') || 'none';
  return [
    `${docs.package} ${docs.version}${docs.description === undefined ? '' : `: ${docs.description}`}`,
    ...(docs.homepage === undefined ? [] : [docs.homepage]),
    `made for plugin API ${docs.apiVersion}${docs.experimental ? ', experimental' : ''}; in ${docs.folder}`,
    '',
    'PERMISSIONS',
    `  talks to:          ${orNone(permissions.hosts)}`,
    `  environment:       ${orNone(permissions.env)}`,
    `  runs programs:     ${permissions.childProcess ? 'yes' : 'no'}`,
    `  accounts by:       ${orNone(docs.authenticators)}`,
    `  models:            ${orNone(models.map(({ match }) => match))}`,
    '',
    'SETTINGS',
    docs.settings.length === 0
      ? '  none'
      : indented(
          table([
            ['NAME', 'TYPE', 'DEFAULT', 'MEANING'],
            ...docs.settings.map((row) => [
              row.name,
              row.type,
              row.required ? '(required)' : (row.default ?? '-'),
              row.description,
            ]),
          ]),
        ),
    ...(docs.readme === undefined ? [] : ['', 'README', '', readable(docs.readme)]),
  ].join('\n');
}

function indented(lines: string): string {
  return lines.replace(/^/gmu, '  ');
}

/** Markdown without what a terminal does not show, and nothing that moves its cursor. */
function readable(markdown: string): string {
  return markdown
    .replace(/<!--[\s\S]*?-->/gu, '')
    .replace(/!\[([^\]]*)\]\([^)]*\)/gu, '$1')
    .replace(/\[([^\]]+)\]\(([^)]+)\)/gu, '$1 ($2)')
    .replace(/^```\w*$/gmu, '')
    .replace(/^(#+)\s+(.*)$/gmu, (_all, _marks: string, title: string) => title.toUpperCase())
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu, '')
    .replace(/\n{3,}/gu, '\n\n');
}
