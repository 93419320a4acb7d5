import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { API_VERSION } from '@cliproxy/plugin-api';
import type { Prompter } from './ask.ts';
import { Cancelled } from './ask.ts';
import { runCreate } from './run-create.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(path.join(os.tmpdir(), 'cliproxy-create-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(args: readonly string[], prompter?: Prompter): Promise<Ran> {
  let out = '';
  let err = '';
  const code = await runCreate(args, {
    cwd,
    ...(prompter && { prompter: async () => prompter }),
    out: (text) => void (out += text),
    err: (text) => void (err += text),
  });
  return { code, out, err };
}

const read = (name: string): string => readFileSync(path.join(cwd, name), 'utf8');
const ALL = [
  ...['--kind', 'wire', '--dialect', 'gemini', '--auth', 'api-key'],
  ...['--base-url', 'https://models.acme.example'],
];

test('by flags alone: a package with the address, the name, and the contract that it is made for', async () => {
  const ran = await run(['acme', ...ALL, '--name', '@acme/cliproxy-models', '--models', 'acme-*']);
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(ran.out).toContain('cd acme\n  npm install\n  npm test');
  const json = JSON.parse(read('acme/package.json'));
  expect(json).toMatchObject({ name: '@acme/cliproxy-models', version: '0.0.0', license: 'MIT' });
  expect(json.cliproxyPlugin).toMatchObject({
    id: 'acme',
    apiVersion: API_VERSION,
    provides: { authenticators: ['api-key'], models: [{ match: 'acme-*' }] },
  });
  const api = JSON.parse(
    readFileSync(new URL('../../plugin-api/package.json', import.meta.url), 'utf8'),
  );
  // Built with exactly the contract that its manifest names, used with every later one of its major.
  expect(json.peerDependencies).toEqual({ '@cliproxy/plugin-api': `^${api.version}` });
  expect(json.devDependencies['@cliproxy/plugin-api']).toBe(api.version);
  expect(read('acme/src/config.ts')).toContain("default: 'https://models.acme.example'");
  expect(read('acme/README.md')).toContain("config: { apiKeys: ['${ACME_API_KEY}'] }");
  expect(read('acme/.gitignore')).toContain('node_modules/');
  expect(read('acme/.changeset/first-release.md')).toContain("'@acme/cliproxy-models': minor");
  expect(read('acme/.github/workflows/ci.yml')).toContain('npm ci --ignore-scripts');
});

test('what a new package is built with are the versions that are in use here', async () => {
  await run(['acme', '--yes']);
  const { devDependencies } = JSON.parse(read('acme/package.json'));
  const root = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  ).devDependencies;
  const own = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  for (const [name, version] of Object.entries(devDependencies)) {
    const here =
      name === 'typescript'
        ? root['@typescript/native'].replace('npm:typescript@', '')
        : (root[name] ?? own.devDependencies[name] ?? own.dependencies[name]);
    expect({ name, version }).toEqual({ name, version: here });
  }
});

test('as data: the answers, the files, what to do next; on a trial run nothing is written', async () => {
  const ran = await run(['acme', '--yes', '--dry-run', '--json']);
  expect(JSON.parse(ran.out)).toMatchObject({
    ok: true,
    written: false,
    folder: path.join(cwd, 'acme'),
    name: 'cliproxy-plugin-acme',
    kind: 'wire',
    dialect: 'openai-chat',
    auth: 'api-key',
    files: expect.arrayContaining(['package.json', 'src/index.ts', '.github/workflows/ci.yml']),
    next: ['cd acme', 'npm install', 'npm test'],
  });
  expect((await run(['acme', '--yes', '--dry-run'])).out).toContain('Would write');
  expect(readdirSync(cwd)).toEqual([]);
});

describe('what can not be', () => {
  test.each([
    [['acme', '--kind', 'telepathy'], /--kind is "telepathy": use one of wire, events, preset/u],
    [['acme', '--dialect', 'klingon'], /--dialect is "klingon": use one of openai-chat, /u],
    [['acme', '--auth', 'charm'], /--auth is "charm": use one of api-key, oauth, token/u],
    [['acme', '--kind', 'events', '--dialect', 'gemini'], /a plugin of events speaks none/u],
    [['acme', '--kind', 'preset', '--dialect', 'gemini'], /a preset speaks openai-chat/u],
    [['acme', '--base-url', 'acme.example'], /--base-url is "acme.example": .*https:/u],
    [['acme', '--base-url', "https://a.example/'+x+'"], /--base-url is/u],
    [['acme', '--base-url', 'https://me:secret@a.example'], /--base-url is/u],
    [['acme', '--name', 'Acme Inc'], /--name is "Acme Inc", which npm does not take/u],
    [['acme', '--id', 'ACME'], /--id is "ACME".*lower-case/u],
    [['acme', '--models', 'a,b c'], /--models is "b c"/u],
    [['acme', '--license', 'do what you want'], /--license is/u],
    [['Acme'], /the name of the folder is "Acme".*say --id/u],
    [[], /say which folder to write/u],
    [['acme', 'other'], /"other" is one too many/u],
    [['acme', '--colour', 'red'], /--colour.*--help/u],
  ])('%j is named, with what is allowed; nothing is written', async (args, sentence) => {
    const ran = await run([...args, '--yes']);
    expect(ran).toMatchObject({ code: 2, out: '', err: expect.stringMatching(sentence) });
    const told = await run([...args, '--yes', '--json']);
    expect(JSON.parse(told.out)).toEqual({ ok: false, error: expect.stringMatching(sentence) });
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('a folder with something in it is left as it is', async () => {
    mkdirSync(path.join(cwd, 'acme'));
    writeFileSync(path.join(cwd, 'acme', 'mine.txt'), 'mine');
    writeFileSync(path.join(cwd, 'file'), '');
    const ran = await run(['acme', '--yes']);
    expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('not empty (mine.txt)') });
    expect((await run(['file', '--yes'])).err).toMatch(/is a file/u);
    expect(readdirSync(cwd).sort()).toEqual(['acme', 'file']);
    expect(readdirSync(path.join(cwd, 'acme'))).toEqual(['mine.txt']);
  });

  test('a folder that can not be made leaves nothing half written', async () => {
    writeFileSync(path.join(cwd, 'file'), '');
    const ran = await run(['file/acme', '--yes']);
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/ENOTDIR|EEXIST/u);
    expect(readdirSync(cwd)).toEqual(['file']);
  });

  test('with nobody to ask, the flags that are missing are named', async () => {
    const ran = await run(['acme', '--kind', 'wire']);
    expect(ran).toMatchObject({
      code: 2,
      err: expect.stringContaining('say --dialect, --auth, --base-url, or --yes'),
    });
    expect((await run(['acme', '--kind', 'events'])).err).toContain('say --auth, --base-url, or');
    expect((await run(['acme', '--kind', 'wird'])).err).toContain('--kind is "wird": use one of');
  });
});

test('an empty folder is taken', async () => {
  mkdirSync(path.join(cwd, 'acme'));
  expect((await run(['acme', '--yes'])).code).toBe(0);
  expect(existsSync(path.join(cwd, 'acme', 'package.json'))).toBe(true);
});

describe('asked', () => {
  /** Answers by what is asked; `undefined` is the usual answer. */
  const person = (answers: Readonly<Record<string, string | undefined>>, asked: string[] = []) => ({
    asked,
    choose: async (question: string) => {
      asked.push(question);
      return answers[question] ?? 'api-key';
    },
    text: async (question: string, usual: string, refuse: (answer: string) => unknown) => {
      asked.push(question);
      const answer = answers[question] ?? usual;
      refuse(answer);
      return answer;
    },
  });

  test('a person is asked for what the flags do not say, and for nothing else', async () => {
    const all = person({
      'What is the API like?': 'wire',
      'Which dialect does it speak?': 'gemini',
    });
    expect((await run([], all)).code).toBe(0);
    expect(all.asked).toEqual([
      'Folder to write',
      'What is the API like?',
      'Which dialect does it speak?',
      'How do accounts log in?',
      'Where is the API?',
      'Name of the package on npm',
    ]);
    expect(read('my-provider/src/config.ts')).toContain("default: 'https://api.example.com'");
    const some = person({});
    const args = ['acme', '--kind', 'preset', '--auth', 'api-key', '--name', 'acme-models'];
    expect((await run(args, some)).code).toBe(0);
    expect(some.asked).toEqual(['Where is the API?']);
    expect(JSON.parse(read('acme/package.json')).cliproxyPlugin.provides.models).toEqual([
      { match: 'acme-large' },
      { match: 'acme-small' },
    ]);
    expect(read('acme/src/models.ts')).toContain(
      "  { id: 'acme-large' },\n  { id: 'acme-small' },",
    );
  });

  test('nobody answers questions before a flag is refused', async () => {
    const asked = person({});
    expect((await run(['--auth', 'charm'], asked)).code).toBe(2);
    expect(asked.asked).toEqual([]);
  });

  test('who does not want to go on gets nothing written', async () => {
    const leaving: Prompter = {
      ...person({}),
      choose: () => Promise.reject(new Cancelled('cancelled')),
    };
    expect(await run(['acme'], leaving)).toEqual({
      code: 1,
      out: '',
      err: 'cancelled: nothing was written\n',
    });
    expect(readdirSync(cwd)).toEqual([]);
  });
});

test('--help names every flag that the errors name; --version tells the version', async () => {
  const { code, out } = await run(['--help']);
  expect(code).toBe(0);
  for (const name of ['kind', 'dialect', 'auth', 'base-url', 'name', 'id', 'models', 'license']) {
    expect(out).toContain(`--${name} `);
  }
  expect((await run(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/u);
});
