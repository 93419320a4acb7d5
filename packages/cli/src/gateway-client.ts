import { createGateway } from '@cliproxy/gateway';
import type { LoadedConfig } from '@cliproxy/config';
import { CommandError } from './exit-codes.ts';
import type { Printer } from './terminal.ts';

/** Talks to a gateway over HTTP, with the admin key of its configuration. */
export interface GatewayClient {
  readonly url: string;
  /** True: started for this one command, on a free port. */
  readonly temporary: boolean;
  /** @throws CommandError with the gateway's own sentence for an answer that is not 2xx. */
  get(path: string): Promise<unknown>;
  /** The raw answer, whatever its status. */
  post(path: string, body: unknown): Promise<Response>;
  close(): Promise<void>;
}

/** Connects to the running gateway; `undefined` when none answers at the configured address. */
export async function connect({ settings }: LoadedConfig): Promise<GatewayClient | undefined> {
  const { host, port } = settings.server;
  if (port === 0) return undefined;
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : bracketed(host);
  const client = createClient(`http://${name}:${port}`, settings, false, async () => undefined);
  try {
    await fetch(`${client.url}/livez`, { signal: AbortSignal.timeout(2000) });
    return client;
  } catch {
    return undefined;
  }
}

/** Connects to the running gateway, or starts one on a free port until the client is closed. */
export async function connectOrStart(
  config: LoadedConfig,
  printer: Printer,
): Promise<GatewayClient> {
  const running = await connect(config);
  if (running !== undefined) return running;
  printer.note(
    'no gateway is running at the configured address: setting the plugins up for this command',
  );
  const settings = {
    ...config.settings,
    server: { ...config.settings.server, host: '127.0.0.1', port: 0 },
    log: { level: 'error', format: 'auto' } as const,
  };
  const gateway = createGateway(settings);
  const { applied, problems } = await gateway.prepare();
  if (!applied) {
    await gateway.kill();
    throw new CommandError(problems.map(({ message }) => message).join('\n'));
  }
  const { url } = await gateway.listen();
  return createClient(url, settings, true, () => gateway.kill());
}

function createClient(
  url: string,
  settings: LoadedConfig['settings'],
  temporary: boolean,
  close: () => Promise<void>,
): GatewayClient {
  const key = settings.server.adminKeys[0] ?? settings.server.apiKeys[0];
  const headers = {
    'content-type': 'application/json',
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
  };
  return {
    url,
    temporary,
    close,
    async get(path) {
      const reply = await fetch(url + path, { headers, signal: AbortSignal.timeout(60_000) });
      const body = (await reply.json()) as { readonly error?: { readonly message?: string } };
      if (!reply.ok && body.error !== undefined) {
        throw new CommandError(body.error.message ?? `${path} answered ${reply.status}`);
      }
      return body;
    },
    post: (path, body) =>
      fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) }),
  };
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
