import { randomBytes } from 'node:crypto';
import type { LoadedConfig } from '@cliproxy/config';
import type { CommandConfig } from './config-file.ts';
import { folderHolder } from '@cliproxy/gateway/data-place';
import { readFacts } from './background/router-facts.ts';
import { CommandError } from './exit-codes.ts';
import { problemsError } from './problem-rows.ts';
import { quietGateway } from './set-up-plugins.ts';
import type { Printer } from './terminal.ts';

/** An answer of the gateway, read. */
interface GatewayAnswer {
  readonly ok: boolean;
  readonly status: number;
  readonly body: unknown;
}

/** Talks to a gateway over HTTP, with the admin key of its configuration. */
export interface GatewayClient {
  readonly url: string;
  /** @throws CommandError with a sentence for an answer that is not 2xx, or none. */
  get(path: string): Promise<unknown>;
  /** The same for what changes something. */
  change(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown>;
  /**
   * Whatever the gateway answers.
   *
   * @throws CommandError when it doesn't answer.
   */
  post(path: string, body: unknown): Promise<GatewayAnswer>;
  close(): Promise<void>;
}

/** The running gateway, or the reason why there is none. */
export type FoundGateway =
  | { readonly client: GatewayClient; readonly why?: never }
  | { readonly client?: never; readonly why: string };

/** How long a gateway that runs may take to say so. */
const KNOCK_MS = 2000;

/** Longest wait for an answer: a provider may be slow. */
const ANSWER_MS = 120_000;

/** Looks for the gateway that has the data folder, else for one at the configured address. */
export async function findGateway({ settings, file }: LoadedConfig): Promise<FoundGateway> {
  const { host, port } = settings.server;
  const told = await toldAddress(settings.data.folder);
  if (told === undefined && port === 0) {
    return {
      why:
        'server.port is 0, so each start takes another port, and no gateway has the data folder ' +
        `${settings.data.folder}: start it with "cliproxy start"`,
    };
  }
  const url = told ?? `http://${reachableName(host)}:${port}`;
  try {
    const reply = await fetch(`${url}/livez`, { signal: AbortSignal.timeout(KNOCK_MS) });
    const body = (await reply.json().catch(() => undefined)) as
      { readonly status?: unknown } | undefined;
    if (body?.status !== 'alive') {
      return {
        why: `another program answers at ${url}: stop it, or change server.port in ${file}`,
      };
    }
  } catch (error) {
    const slow = isTimeout(error) ? ` within ${KNOCK_MS} ms` : '';
    return { why: `no gateway answers at ${url}${slow}: start it with "cliproxy start"` };
  }
  const key = settings.server.adminKeys[0] ?? settings.server.apiKeys[0];
  return { client: createClient({ url, key, file, close: async () => undefined }) };
}

/**
 * The running gateway, for what no other one can do.
 *
 * @throws CommandError that says why there is none.
 */
export async function runningGateway(config: LoadedConfig): Promise<GatewayClient> {
  const { client, why } = await findGateway(config);
  if (client === undefined) throw new CommandError(why);
  return client;
}

/**
 * Connects to the running gateway, or sets the plugins up on a free port until the client is
 * closed. Plugins that fail are then listed as such, required or not.
 */
export async function connectOrStart(
  config: CommandConfig,
  printer: Printer,
): Promise<GatewayClient> {
  const found = await findGateway(config);
  if (found.client !== undefined) return found.client;
  printer.note('no gateway is running: the plugins are set up for this command alone');
  const { server, kernel } = config.settings;
  // A key of its own: nobody else can use it meanwhile, and the configuration needs none.
  const key = randomBytes(24).toString('base64url');
  const gateway = await quietGateway({
    ...config,
    settings: {
      ...config.settings,
      server: { ...server, host: '127.0.0.1', port: 0, apiKeys: [key], adminKeys: [key] },
      kernel: { ...kernel, plugins: kernel.plugins.map((one) => ({ ...one, required: false })) },
    },
  });
  const close = (): Promise<void> => gateway.kill();
  try {
    const { applied, problems } = await gateway.prepare();
    if (!applied) throw problemsError(problems, config);
    const { url } = await gateway.listen();
    return createClient({ url, key, file: config.file, close });
  } catch (error) {
    await close();
    throw error;
  }
}

interface ClientOptions {
  readonly url: string;
  readonly key: string | undefined;
  readonly file: string;
  readonly close: () => Promise<void>;
}

function createClient({ url, key, file, close }: ClientOptions): GatewayClient {
  const send = async (path: string, init: RequestInit): Promise<GatewayAnswer> => {
    const headers = {
      'content-type': 'application/json',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    };
    try {
      const signal = AbortSignal.timeout(ANSWER_MS);
      const reply = await fetch(url + path, { ...init, headers, signal });
      const text = await reply.text();
      return { ok: reply.ok, status: reply.status, body: parsed(text) };
    } catch (error) {
      throw new CommandError(
        isTimeout(error)
          ? `the gateway at ${url} did not answer ${path} within ${ANSWER_MS / 1000} s; its log may say why`
          : `the connection to the gateway at ${url} broke (${reasonOf(error)}); see whether it still runs`,
      );
    }
  };
  const taken = async (path: string, init: RequestInit): Promise<unknown> => {
    const answer = await send(path, init);
    if (answer.ok) return answer.body;
    throw refused(answer, path, url, file);
  };
  return {
    url,
    close,
    get: (path) => taken(path, { method: 'GET' }),
    change: (method, path, body) =>
      taken(path, { method, ...(body !== undefined && { body: JSON.stringify(body) }) }),
    post: (path, body) => send(path, { method: 'POST', body: JSON.stringify(body) }),
  };
}

function refused({ status, body }: GatewayAnswer, path: string, url: string, file: string) {
  const { error } = (body ?? {}) as {
    readonly error?: { readonly message?: string; readonly gateway_code?: string };
  };
  const said = error?.message ?? `${path} was answered with ${status}`;
  const message =
    status === 401
      ? `the gateway at ${url} does not take the key of ${file}: it runs with another configuration; name that one with --config, or restart the gateway`
      : said;
  return new CommandError(
    message,
    error?.gateway_code === undefined ? {} : { code: error.gateway_code },
  );
}

/** Where the gateway that has a data folder says it is. */
async function toldAddress(dataFolder: string): Promise<string | undefined> {
  const { held, owner } = await folderHolder(dataFolder);
  return held && owner !== undefined ? readFacts(owner.details).url : undefined;
}

/** The name under which this machine reaches what listens on `host`. */
function reachableName(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isTimeout(error: unknown): boolean {
  return (error as { readonly name?: unknown }).name === 'TimeoutError';
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  const { code } = (cause ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : message;
}
