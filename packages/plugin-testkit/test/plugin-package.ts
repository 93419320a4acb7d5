import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { GatewayPlugin } from '@cliproxy/plugin-api';

/** How a plugin differs from a good one, in JavaScript. */
export interface PluginTwist {
  /** At the top of the module. */
  readonly top?: string;
  /** In the midst of setup. */
  readonly setup?: string;
  /** In the place of the authenticator's work; gives a request. */
  readonly authorize?: string;
  /** In the place of the executor's work; gives a reply. */
  readonly send?: string;
  readonly models?: string;
  /** In the place of the probe's work; gives a report. */
  readonly probe?: string;
  /** Put over the schema, which is JavaScript. */
  readonly schema?: string;
  /** Put over the manifest. */
  readonly manifest?: object;
}

/** A plugin package in a folder of its own. */
export interface PluginPackage {
  readonly packageJson: URL;
  readonly plugin: GatewayPlugin;
  remove(): void;
}

const contract = path.resolve(import.meta.dirname, '../../plugin-api');

/** Writes a package that moves Chat Completions as a good one does, but for its twist, and imports it. */
export async function writePlugin(twist: PluginTwist = {}): Promise<PluginPackage> {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'cliproxy-twisted-')));
  const scope = path.join(folder, 'node_modules', '@cliproxy');
  mkdirSync(scope, { recursive: true });
  symlinkSync(contract, path.join(scope, 'plugin-api'));
  const cliproxyPlugin = {
    manifestVersion: 1,
    id: 'twisted',
    apiVersion: '1.0',
    entry: './index.js',
    provides: {
      executor: true,
      authenticators: ['key'],
      probes: ['upstream'],
      models: [{ match: 'twisted-*' }],
    },
    permissions: { hosts: ['config:/baseUrl'] },
    ...twist.manifest,
  };
  const file = path.join(folder, 'package.json');
  const json = { name: 'twisted-plugin', version: '1.0.0', type: 'module', cliproxyPlugin };
  writeFileSync(file, JSON.stringify(json));
  writeFileSync(path.join(folder, 'index.js'), moduleOf(twist));
  const { default: plugin } = (await import(pathToFileURL(path.join(folder, 'index.js')).href)) as {
    readonly default: GatewayPlugin;
  };
  return {
    packageJson: pathToFileURL(file),
    plugin,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function moduleOf(twist: PluginTwist): string {
  const {
    top = '',
    setup = '',
    authorize = 'return withKey(request, credential.secrets.apiKey.reveal());',
    send = 'return post(call, call.signal);',
    models = "return [{ id: 'twisted-1' }];",
    probe = `const { status, body } = await context.http.request(list, context.signal);
      body.destroy();
      return { status: status === 200 ? 'up' : 'down' };`,
    schema = '{}',
  } = twist;
  return `import { apiKeyAccounts, configSchema, definePlugin } from '@cliproxy/plugin-api';
import { PassThrough, pipeline, Transform } from 'node:stream';
import net from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
${top}
const withKey = (request, key) =>
  ({ ...request, headers: { ...request.headers, authorization: 'Bearer ' + key } });
const key = {
  id: 'key',
  method: 'api-key',
  async authorize(request, credential) { ${authorize} },
};
const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['baseUrl'],
  examples: [{ baseUrl: 'https://api.example.com/v1', apiKeys: ['\${TWISTED_KEY}'] }],
  properties: {
    baseUrl: { type: 'string' },
    apiKeys: { type: 'array', items: { type: 'string', writeOnly: true }, default: [] },
  },
};
export default definePlugin({
  config: configSchema({ ...schema, ...${schema} }),
  setup: async ({ config, logger, onDispose }) => {
    const list = { method: 'GET', url: config.baseUrl + '/models', headers: {} };
    const post = (call, signal) => call.http.request(
      { method: 'POST', url: config.baseUrl + call.path, headers: call.headers, body: call.body },
      signal,
    );
    ${setup}
    return {
      executor: {
        kind: 'wire',
        speaks: { 'openai-chat': ['generate'] },
        models: async () => { ${models} },
        send: async (call) => { ${send} },
      },
      authenticators: [key],
      accounts: apiKeyAccounts(config.apiKeys, key.id),
      probes: [{
        id: 'upstream', intervalMs: 60000, timeoutMs: 10000, affects: 'report-only',
        check: async (context) => { ${probe} },
      }],
    };
  },
});
`;
}
