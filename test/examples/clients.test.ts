import { execFile, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import echo from '@cliproxy/plugin-echo';
import { startTestGateway } from '@cliproxy/plugin-testkit';
import type { TestGateway } from '@cliproxy/plugin-testkit';

const root = path.resolve(import.meta.dirname, '../..');
const clients = path.join(root, 'docs', 'examples', 'clients');
const python = ['python3', 'python'].find(
  (name) => spawnSync(name, ['-m', 'venv', '--help'], { stdio: 'ignore' }).status === 0,
);
/** A machine may be without them; where the gate runs, they may not be missing. */
const required = process.env['CI'] !== undefined;
const withPython = python !== undefined || required ? test : test.skip;
const withBash = process.platform === 'win32' ? test.skip : test;

let gateway: TestGateway;
let folder: string;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cliproxy-clients-'));
  gateway = await startTestGateway({
    plugins: [
      {
        plugin: echo,
        packageJson: new URL('../../plugins/echo/package.json', import.meta.url),
        config: { paceMs: 0 },
      },
    ],
  });
});

afterAll(async () => {
  await gateway.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Runs an example as its page says; gives what it printed. */
async function run(command: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, {
    env: { ...process.env, CLIPROXY_URL: gateway.url, CLIPROXY_API_KEY: gateway.apiKey },
  });
  return stdout;
}

function expectAnswers(printed: string, language: string): void {
  expect(printed.split('\n')).toEqual([
    'models: echo',
    `answer: Hello from ${language}`,
    'stream: Hello word by word',
    'refused: 404 model_not_found',
    '',
  ]);
}

describe('the clients in docs/examples', () => {
  withBash('curl, in three dialects', async () => {
    const printed = await run(path.join(clients, 'curl.sh'));
    expect(printed).toContain('"id":"echo"');
    expect(printed).toContain('"content":"Hello from Chat Completions"');
    expect(printed).toContain('event: message_stop');
    expect(printed).toContain('"text":"Hello from generateContent"');
  });

  test('JavaScript', async () => {
    expectAnswers(
      await run(process.execPath, path.join(clients, 'javascript/example.js')),
      'JavaScript',
    );
  });

  withPython(
    'Python',
    async () => {
      const requirements = path.join(clients, 'python', 'requirements.txt');
      await run(python ?? 'python3', '-m', 'venv', folder);
      const installed = path.join(
        folder,
        process.platform === 'win32' ? 'Scripts' : 'bin',
        'python',
      );
      await run(installed, '-m', 'pip', 'install', '--quiet', '-r', requirements);
      expectAnswers(await run(installed, path.join(clients, 'python', 'example.py')), 'Python');
    },
    240_000,
  );
});
