import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parseConfig } from '@cliproxy/config';
import { errorTable } from '@cliproxy/plugin-api';
import echo from '@cliproxy/plugin-echo';
import { startTestGateway } from '@cliproxy/plugin-testkit';
import type { TestGateway } from '@cliproxy/plugin-testkit';
import { routeTable } from '@cliproxy/server';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => fs.readFileSync(path.join(root, file), 'utf8');
const pages = [
  ...['README.md', 'SECURITY.md'],
  ...fs
    .readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** The rows of all tables of a text, cell by cell; `\|` is a bar within a cell. */
function rows(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[\s:|-]+\|$/u.test(line))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split(/(?<!\\)\|/u)
        .map((cell) => cell.trim().replaceAll(/\\(?=[|_*<>\\])/gu, '')),
    );
}

const section = (text: string, title: string): string => {
  const [, after = ''] = text.split(new RegExp(`^#+ ${title}$`, 'mu'));
  return after.split(/^## /mu)[0] ?? '';
};
const coded = (text: string): string[] =>
  [...text.matchAll(/`([^`]+)`/gu)].map(([, code = '']) => code);

test('TROUBLESHOOTING lists every error code as the table of the contract has it', () => {
  const listed = rows(read('docs/TROUBLESHOOTING.md'))
    .filter(([code = '']) => /^`[A-Z_]+`$/u.test(code))
    .map(([code = '', ...rest]) => [code.replaceAll('`', ''), ...rest]);
  const expected = Object.entries(errorTable).map(([code, { status, when, remedy }]) => [
    code,
    status === 0 ? '–' : String(status),
    when,
    remedy,
  ]);
  expect(listed).toEqual(expected);
});

test('API lists every route of the server with the key that it needs, and no other', () => {
  const listed = rows(section(read('docs/API.md'), 'Routes')).flatMap(([routes = '', key = '']) =>
    coded(routes).map((route) => `${route.replace(/\?.*$/u, '')} ${key}`),
  );
  const keys = { anyone: '–', optional: '–', client: 'client', admin: 'admin', ticket: 'ticket' };
  const expected = routeTable.map(
    ({ method, path: at, access }) => `${method} ${at} ${keys[access]}`,
  );
  expect(listed.sort()).toEqual(expected.sort());
});

describe('links', () => {
  test.each(pages)('%s: every relative one leads somewhere', (page) => {
    const targets = [...read(page).matchAll(/\]\(([^)\s]+)\)/gu)]
      .map(([, target = '']) => target)
      .filter((target) => !/^(?:[a-z]+:|#)/u.test(target));
    const lost = targets.filter((target) => {
      const [file = ''] = target.split('#');
      return !fs.existsSync(path.resolve(root, path.dirname(page), file));
    });
    expect(lost).toEqual([]);
  });
});

describe('SETUP', () => {
  const setup = read('docs/SETUP.md');
  const help = (...args: readonly string[]): string =>
    execFileSync(process.execPath, [path.join(root, 'bin/cliproxy'), ...args, '--help'], {
      encoding: 'utf8',
      env: { ...process.env, CLIPROXY_HOME: path.join(root, 'does-not-exist') },
    });
  const commandsIn = (text: string): string[] => [
    ...new Set(
      [...text.matchAll(/^ {2}([a-z][a-z-]*)(?: \[.*?\]| <.*?>)*(?: {2,}|\n)/gmu)].map(
        ([, name = '']) => name,
      ),
    ),
  ];
  const commands = commandsIn(help().split('Commands:')[1]?.split('\n\n')[0] ?? '').filter(
    (name) => name !== 'help',
  );
  const listed = rows(section(setup, 'The command line'))
    .slice(1)
    .flatMap(([cell = '']) => coded(cell));

  test('lists every command and no other', () => {
    expect(commands.length).toBeGreaterThan(5);
    const names = new Set(listed.map((line) => line.split(' ')[0]));
    expect([...names].sort()).toEqual([...commands].sort());
  });

  test('every command line of the pages exists, with its options', () => {
    const lines = new Set([
      ...listed,
      ...pages.flatMap((page) =>
        coded(read(page))
          .filter((code) => /^cliproxy [a-z]/u.test(code))
          .map((code) => code.slice('cliproxy '.length)),
      ),
    ]);
    expect(lines.size).toBeGreaterThan(8);
    for (const line of lines) {
      const [name = '', sub = ''] = line.split(' ');
      expect({ line, known: commands.includes(name) }).toEqual({ line, known: true });
      const text = help(name);
      if (/^[a-z]+$/u.test(sub) && text.includes('Commands:')) {
        expect({ line, known: commandsIn(text.split('Commands:')[1] ?? '').includes(sub) }).toEqual(
          {
            line,
            known: true,
          },
        );
      }
      for (const [option] of line.matchAll(/--[a-z]+/gu)) {
        expect({ line, known: text.includes(option) }).toEqual({ line, known: true });
      }
    }
  }, 60_000);

  test('every key of the configuration exists, and none of the top is missing', () => {
    const schema = JSON.parse(read('config/cliproxy.schema.json'));
    const names = new Set<string>();
    const collect = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [key, inner] of Object.entries(value)) {
        if (key === 'properties') for (const name of Object.keys(inner as object)) names.add(name);
        if (key === 'enum') for (const name of inner as unknown[]) names.add(String(name));
        collect(inner);
      }
    };
    collect(schema);
    const table = rows(section(setup, 'The configuration file')).slice(1);
    expect(table.map(([key = '']) => key.replaceAll('`', '')).sort()).toEqual(
      Object.keys(schema.properties)
        .filter((key) => key !== '$schema')
        .sort(),
    );
    for (const [, what = ''] of table) {
      for (const key of coded(what)) {
        expect({ key, known: names.has(key) }).toEqual({ key, known: true });
      }
    }
    // `server.drainMs` and the like, anywhere on the pages.
    const dotted = pages.flatMap((page) =>
      coded(read(page)).filter((code) => /^(?:server|log|failover|timeouts)\.\w+$/u.test(code)),
    );
    expect(dotted.length).toBeGreaterThan(5);
    for (const code of dotted) {
      const [top = '', key = ''] = code.split('.');
      const known = Object.keys(schema.properties[top].properties).includes(key);
      expect({ code, known }).toEqual({ code, known: true });
    }
  });

  test("each plugin's row names its patterns and its keys", () => {
    const table = rows(section(setup, 'Add a provider')).slice(1);
    for (const folder of fs.readdirSync(path.join(root, 'plugins'))) {
      const { cliproxyPlugin } = JSON.parse(read(`plugins/${folder}/package.json`));
      const row = table.find(([name]) => name === `\`${String(cliproxyPlugin.id)}\``);
      expect({ folder, listed: row !== undefined }).toEqual({ folder, listed: true });
      const patterns = cliproxyPlugin.provides.models.map(({ match }: { match: string }) => match);
      expect({ folder, patterns: coded(row![1]!) }).toEqual({ folder, patterns });
      const source = read(`plugins/${folder}/src/config.ts`);
      for (const key of coded(row![2]!).filter((code) => !code.startsWith('/'))) {
        expect({ folder, key, known: source.includes(`    ${key}: {`) }).toMatchObject({
          known: true,
        });
      }
    }
  });
});

describe('configurations', () => {
  const yamlOf = (page: string): string[] =>
    [...read(page).matchAll(/```yaml\n([\s\S]*?)```/gu)].map(([, text = '']) => text);
  const examples: [string, string][] = [
    ['config/cliproxy.example.yaml', read('config/cliproxy.example.yaml')],
    ...pages.flatMap((page) =>
      yamlOf(page).map((text, index): [string, string] => [`${page} #${index + 1}`, text]),
    ),
  ];
  test.each(examples)('%s can be used', (_name, text) => {
    const env = Object.fromEntries(
      [...text.matchAll(/\$\{(\w+)\}/gu)].map(([, name = '']) => [name, `stub-${name}-0123456789`]),
    );
    const { settings } = parseConfig({ text, file: '/docs.yaml', env });
    expect(settings.kernel.plugins.length).toBeGreaterThan(0);
    expect(settings.kernel.plugins.flatMap(({ problems = [] }) => problems)).toEqual([]);
  });
  test('there are some', () => {
    expect(examples.length).toBeGreaterThanOrEqual(3);
  });
});

describe('API, against a running gateway', () => {
  let gateway: TestGateway | undefined;
  afterAll(() => gateway?.stop());

  test('the example of an error is what the gateway answers', async () => {
    gateway = await startTestGateway({
      plugins: [
        { plugin: echo, packageJson: new URL('../../plugins/echo/package.json', import.meta.url) },
      ],
    });
    const text = section(read('docs/API.md'), 'Errors');
    const example = JSON.parse(/```json\n([\s\S]*?)```/u.exec(text)?.[1] ?? '');
    const model = /the model "([^"]+)"/u.exec(example.error.message)?.[1];
    const reply = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.apiKey}` },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
    });
    expect(await reply.json()).toEqual(example);
    expect(reply.headers.get('x-request-id')).toBeTruthy();
  });
});
