import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { parseConfig } from '@cliproxy/config';
import { createGateway } from '@cliproxy/gateway';
import type { GatewayPlugin } from '@cliproxy/plugin-api';

/** A plugin instance of a test gateway. */
export interface TestPlugin {
  readonly plugin: GatewayPlugin;
  /** URL of the plugin's package.json, for its manifest. */
  readonly packageJson: URL;
  /** Key under `plugins:`; default: the manifest's id. */
  readonly instanceId?: string;
  readonly config?: object;
  /** Default true. */
  readonly required?: boolean;
}

/** What a test gateway is made of. */
export interface TestGatewayOptions {
  readonly plugins: readonly TestPlugin[];
  /** Further top-level keys of the configuration, for example `routes`. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** A gateway that listens on a free port of 127.0.0.1. */
export interface TestGateway {
  /** Without a slash at the end. */
  readonly url: string;
  readonly apiKey: string;
  readonly adminKey: string;
  /** Everything logged so far, as JSON lines. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * Starts a whole gateway with the given plugins, over real HTTP.
 *
 * @throws Error with every problem when a required plugin can't be set up.
 */
export async function startTestGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const apiKey = 'test-client-key-0123456789';
  const adminKey = 'test-admin-key-0123456789';
  const mounted = options.plugins.map(mount);
  const text = JSON.stringify({
    server: { port: 0, apiKeys: [apiKey], adminKeys: [adminKey], drainMs: 1000 },
    log: { level: 'debug', format: 'json' },
    plugins: Object.fromEntries(
      mounted.map(({ instanceId, packageName, config, required }) => [
        instanceId,
        { package: packageName, config, required },
      ]),
    ),
    ...options.config,
  });
  const lines: string[] = [];
  const gateway = createGateway(
    parseConfig({ text, file: `${import.meta.dirname}/test.yaml`, env: {} }).settings,
    {
      preloaded: mounted,
      logStream: new Writable({
        write(chunk: Buffer, _encoding, done) {
          lines.push(chunk.toString());
          done();
        },
      }),
    },
  );
  const { applied, problems } = await gateway.prepare();
  if (!applied) {
    await gateway.kill();
    throw new Error(problems.map(({ code, message }) => `${code}: ${message}`).join('\n'));
  }
  const { url } = await gateway.listen();
  return { url, apiKey, adminKey, log: () => lines.join(''), stop: () => gateway.stop() };
}

function mount({
  plugin,
  packageJson: file,
  instanceId,
  config = {},
  required = true,
}: TestPlugin) {
  const packageJson = JSON.parse(readFileSync(file, 'utf8')) as {
    name: string;
    cliproxyPlugin?: { id?: string };
  };
  return {
    plugin,
    packageJson,
    packageName: packageJson.name,
    instanceId: instanceId ?? packageJson.cliproxyPlugin?.id ?? packageJson.name,
    config,
    required,
  };
}
