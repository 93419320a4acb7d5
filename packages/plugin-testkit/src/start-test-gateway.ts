import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { parseConfig } from '@cliproxy/config';
import { createGateway, openDataFolder } from '@cliproxy/gateway';
import type { GatewayOverrides } from '@cliproxy/gateway';
import type { GatewayPlugin } from '@cliproxy/plugin-api';
import { withServices } from './with-services.ts';
import type { TestService } from './with-services.ts';

/** How any plugin instance is mounted. */
interface Mounting {
  /** Default true. */
  readonly required?: boolean;
  readonly config?: object;
}

/** How an installed plugin is mounted. */
interface InstalledMounting extends Mounting {
  /** `process`: its code runs in a process of its own. */
  readonly isolation?: 'process';
  readonly memoryLimitMb?: number;
}

/** A plugin instance of a test gateway, from its sources. */
export interface TestPlugin extends Mounting {
  /** The package's default export. */
  readonly plugin: GatewayPlugin;
  /** URL of the plugin's package.json, for its manifest; or what stands in it. */
  readonly packageJson: URL | object;
  /** Key under `plugins:`; default: the manifest's id. */
  readonly instanceId?: string;
}

/** A plugin instance that the gateway finds and imports itself, as an operator would mount it. */
export interface InstalledTestPlugin extends InstalledMounting {
  /** Name of the package, or absolute path of its folder. */
  readonly package: string;
  readonly instanceId: string;
}

/** What a test gateway is made of. */
export interface TestGatewayOptions {
  readonly plugins: readonly (TestPlugin | InstalledTestPlugin)[];
  /** Further top-level keys of the configuration, for example `routes`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** How long plugins may take to be imported, set up, started and stopped; default: as usual. */
  readonly pluginLimits?: GatewayOverrides['pluginLimits'];
  /** Absolute folder where logins outlive the gateway; default: they are kept in memory. */
  readonly dataFolder?: string;
  /** Default: the system's. */
  readonly clock?: GatewayOverrides['clock'];
  /**
   * What plugins that are given by `plugin` get in the place of the gateway's services; see
   * {@link replaceService}.
   */
  readonly services?: readonly TestService[];
}

/** One of the events that a gateway tells. */
export type GatewayEvent = Parameters<NonNullable<GatewayOverrides['onEvent']>>[0];

/** What to ask a gateway. */
export interface TestQuestion {
  /** Sent by POST: bytes and text as they are, anything else as JSON. Absent: GET. */
  readonly body?: unknown;
  /** True: with the operator's key in the place of the client's. */
  readonly admin?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A gateway that listens on a free port of 127.0.0.1. */
export interface TestGateway {
  /** Without a slash at the end. */
  readonly url: string;
  readonly apiKey: string;
  readonly adminKey: string;
  /** What the kernel told so far: requests with their attempts, accounts, plugins. */
  readonly events: readonly GatewayEvent[];
  /** What is wrong with instances that are not `required`, as `CODE: message`. */
  readonly problems: readonly string[];
  /** Asks it as a client does. @param path - and query, such as `/v1/models`. */
  ask(path: string, question?: TestQuestion): Promise<Response>;
  /** Everything logged so far, as JSON lines. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * Starts a whole gateway with the given plugins, over real HTTP.
 *
 * @throws Error with every problem, a line each, when a required plugin can't be set up.
 */
export async function startTestGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const apiKey = 'test-client-key-0123456789';
  const adminKey = 'test-admin-key-0123456789';
  const mounted = options.plugins.map((given) => mount(given, options.services ?? []));
  const text = JSON.stringify({
    server: { port: 0, apiKeys: [apiKey], adminKeys: [adminKey], drainMs: 1000 },
    log: { level: 'debug', format: 'json' },
    plugins: Object.fromEntries(mounted.map(({ instanceId, entry }) => [instanceId, entry])),
    ...options.config,
  });
  const lines: string[] = [];
  const events: GatewayEvent[] = [];
  const { dataFolder } = options;
  const data = dataFolder === undefined ? undefined : await openDataFolder({ folder: dataFolder });
  const gateway = createGateway(
    parseConfig({ text, file: `${import.meta.dirname}/test.yaml`, env: {} }).settings,
    {
      preloaded: mounted.flatMap(({ preloaded }) => preloaded ?? []),
      ...(data && { data }),
      ...(options.pluginLimits && { pluginLimits: options.pluginLimits }),
      ...(options.clock && { clock: options.clock }),
      // Its configuration is no file: there is nothing else to read.
      reloadConfig: async () => ({ outcome: 'unchanged', problems: [] }),
      onEvent: (event) => void events.push(event),
      logStream: new Writable({
        write(chunk: Buffer, _encoding, done) {
          lines.push(chunk.toString());
          done();
        },
      }),
    },
  );
  const { applied, problems: found } = await gateway.prepare();
  const problems = found.map(({ code, message }) => `${code}: ${message}`);
  if (!applied) {
    await gateway.kill();
    throw new Error(problems.join('\n'));
  }
  const { url } = await gateway.listen();
  return {
    url,
    apiKey,
    adminKey,
    events,
    problems,
    ask: (path, { admin = false, ...question } = {}) =>
      send(url + path, admin ? adminKey : apiKey, question),
    log: () => lines.join(''),
    stop: () => gateway.stop(),
  };
}

function send(url: string, key: string, question: TestQuestion): Promise<Response> {
  const { body, headers, signal } = question;
  const asItIs = typeof body === 'string' || body instanceof Uint8Array;
  // eslint-disable-next-line no-restricted-globals -- this is the client, not upstream traffic
  return fetch(url, {
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      ...headers,
    },
    ...(body !== undefined && { method: 'POST', body: asItIs ? body : JSON.stringify(body) }),
    ...(signal && { signal }),
  });
}

function mount(given: TestPlugin | InstalledTestPlugin, services: readonly TestService[]) {
  const { config = {}, required = true } = given;
  if ('package' in given) {
    const { isolation, memoryLimitMb } = given;
    const isolated = { ...(isolation && { isolation }), ...(memoryLimitMb && { memoryLimitMb }) };
    return {
      instanceId: given.instanceId,
      entry: { package: given.package, config, required, ...isolated },
      preloaded: undefined,
    };
  }
  const { packageJson: at } = given;
  const packageJson = ('href' in at ? JSON.parse(readFileSync(at, 'utf8')) : at) as {
    readonly name: string;
    readonly cliproxyPlugin?: { readonly id?: string };
  };
  const { name } = packageJson;
  return {
    instanceId: given.instanceId ?? packageJson.cliproxyPlugin?.id ?? name,
    // Whoever tests a plugin from its sources has agreed to what it is.
    entry: { package: name, config, required, experimental: true },
    preloaded: { plugin: withServices(given.plugin, services), packageJson, packageName: name },
  };
}
