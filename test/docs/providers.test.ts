/** The commands of docs/PROVIDERS.md, each run against a gateway with fakes in the place of vendors. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startCtonew, startVendor } from '@cliproxy/plugin-testkit';
import type { Ctonew, Vendor } from '@cliproxy/plugin-testkit';
import { ADMIN_KEY, KEY, openWorkshop, prepareOnce } from '../process/gateway-process.ts';
import type { GatewayProcess, Workshop } from '../process/gateway-process.ts';

const TIME_MS = 120_000;
const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/PROVIDERS.md'), 'utf8');
const inText = [
  ...new Set([...page.matchAll(/`(cliproxy [^`]+)`/gu)].map(([, line = '']) => line)),
];
const ctonewLines = [...page.matchAll(/```sh\n([\s\S]*?)```/gu)]
  .map(([, text = '']) => text.replaceAll(/\\\n\s*/gu, ''))
  .flatMap((text) => text.split('\n'))
  .filter((line) => line.endsWith('/v1/auth/ctonew'));

/** What is not run here, and why. */
const elsewhere: readonly (readonly [RegExp, string])[] = [
  [/^cliproxy start$/u, 'begins this test'],
  [
    / (?:login|logout) (?:chatgpt|llmux-claude)|test-provider chatgpt$/u,
    'by a browser: test/logins',
  ],
  [/aistudio/u, 'needs a page in a browser: test/relay'],
  [/webai/u, 'needs the service: plugins/webai-proxy'],
  [/NAME|MODEL/u, 'stands for many'],
];
const tried = inText.filter((line) => !elsewhere.some(([pattern]) => pattern.test(line)));

let shop: Workshop;
let gateway: GatewayProcess;
let ctonew: Ctonew;
let vendors: readonly Vendor[];

beforeAll(async () => {
  prepareOnce();
  shop = openWorkshop();
  ctonew = await startCtonew();
  vendors = await Promise.all([
    startVendor('anthropic-messages'),
    startVendor('openai-chat'),
    startVendor('gemini'),
    startVendor('openai-chat'),
  ]);
  const [claude, gpt, gemini, ollama] = vendors.map(({ url }) => url);
  const apiKeys = ['a-key-of-the-tests'];
  shop.config(
    JSON.stringify({
      server: { port: 0, apiKeys: [KEY], adminKeys: [ADMIN_KEY] },
      plugins: {
        'llmux-claude': { config: { baseUrl: claude, apiKeys } },
        'llmux-chatgpt': { config: { baseUrl: gpt, apiKeys } },
        gemini: { config: { baseUrl: gemini, apiKeys } },
        ollama: {
          package: '@cliproxy/plugin-openai-compatible',
          config: { baseUrl: ollama, apiKeys },
        },
        ctonew: {
          config: {
            acceptSubscriptionRisk: true,
            apiBaseUrl: ctonew.apiUrl,
            clerkBaseUrl: ctonew.clerkUrl,
          },
        },
      },
    }),
  );
  gateway = await shop.start(['--config', 'config.yaml']);
  mkdirSync(path.join(shop.dir, '.cto'));
  writeFileSync(path.join(shop.dir, '.cto', 'credentials'), ctonew.credentialsFile());
}, 600_000);
afterAll(async () => {
  shop.clear();
  await Promise.all([ctonew, ...vendors].map((one) => one.close()));
});

const run = (line: string) =>
  shop.run([...line.split(' ').slice(1), '--config', 'config.yaml'], {
    env: { CLIPROXY_SERVER_PORT: String(gateway.port) },
  });

/** As a person types it, with their own home. */
async function shell(line: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(
    '/bin/bash',
    ['-euo', 'pipefail', '-c', line.replaceAll('127.0.0.1:8317', `127.0.0.1:${gateway.port}`)],
    {
      env: {
        PATH: process.env.PATH,
        HOME: shop.dir,
        CLIPROXY_ADMIN_KEY: ADMIN_KEY,
        CTONEW_TOKEN: ctonew.account.cookie,
      },
    },
  );
  return JSON.parse(stdout) as unknown;
}

test('the page has commands of every kind', () => {
  expect(tried.length).toBeGreaterThanOrEqual(6);
  expect(ctonewLines).toHaveLength(3);
});

test(
  'accounts of cto.new are logged in and out as the page says',
  async () => {
    const [byToken = '', byFile = '', out = ''] = ctonewLines;
    const done = { login: { state: 'done' } };
    expect(await shell(byFile)).toMatchObject(done);
    expect(await shell(out)).toMatchObject({ revoked: expect.any(String) });
    expect(await shell(byToken)).toMatchObject(done);
  },
  TIME_MS,
);

test.each(tried)(
  '%s',
  async (line) => {
    const { code, stdout, stderr } = await run(line);
    if (code !== 0) throw new Error(stdout + stderr);
    expect({ said: stdout + stderr, code }).toEqual({
      code: 0,
      said: expect.stringMatching(/\w/u),
    });
  },
  TIME_MS,
);
