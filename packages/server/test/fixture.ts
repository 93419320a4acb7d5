import { request as httpRequest } from 'node:http';
import type { Agent, IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { afterEach } from '@jest/globals';
import type {
  AccountView,
  HealthSnapshot,
  IngressCall,
  JsonKind,
  Kernel,
  LoginView,
  ModelEntry,
  Plan,
  SocketPlace,
} from '@cliproxy/kernel';
import type { Dialects } from '@cliproxy/kernel';
import { GatewayError, errorRow } from '@cliproxy/plugin-api';
import { createServer } from '../src/server.ts';
import type { GatewayServer, ListenAddress, ServerSettings } from '../src/server-options.ts';

export const CLIENT_KEY = 'client-key-0123456789abcdef';
export const ADMIN_KEY = 'admin-key-0123456789abcdef';

const settings: ServerSettings = {
  host: '127.0.0.1',
  port: 0,
  apiKeys: [CLIENT_KEY],
  adminKeys: [ADMIN_KEY],
  bodyLimitMb: 1,
  headerLimitKb: 16,
  allowedHosts: [],
  allowedOrigins: [],
  drainMs: 1000,
  keepAliveMs: 5000,
  headersTimeoutMs: 5000,
  requestTimeoutMs: 10_000,
  maxSockets: 256,
  socketPingMs: 30_000,
  strictParameters: false,
};

const models: readonly ModelEntry[] = [
  { id: 'm-1', ownedBy: 'echo', displayName: 'One', contextTokens: 1000, maxOutputTokens: 100 },
  { id: 'moonshotai/kimi-k2', ownedBy: 'openrouter' },
  { id: 'ünïcode %41', ownedBy: 'echo' },
];

const snapshot: HealthSnapshot = {
  status: 'degraded',
  ready: true,
  plugins: [
    {
      instanceId: 'echo',
      plugin: 'echo',
      package: '@cliproxy/plugin-echo',
      version: '1.2.3',
      state: 'ready',
      status: 'up',
      problems: [],
      accounts: [],
      requests: { answered: 1, failed: 0 },
    },
  ],
};

const accounts: readonly AccountView[] = [
  {
    id: 'echo/ada',
    instanceId: 'echo',
    label: 'a***',
    source: 'logged-in',
    facts: {},
    scopes: [],
    state: 'usable',
    models: [],
  },
];

const login: LoginView = {
  id: 'login-1',
  instanceId: 'echo',
  authenticator: 'sign-in',
  state: 'done',
  progress: [],
  acceptsPaste: false,
  account: { id: 'echo/ada', label: 'a***' },
  startedAtMs: 1,
  expiresAtMs: 2,
  endedAtMs: 2,
  version: 3,
};

/** A kernel that notes what it is asked, and answers `handle` as a test says. */
interface FakeKernel extends Kernel {
  /** How often anything behind the gate was entered. */
  entered: number;
  calls: IngressCall[];
  ready: boolean;
  answer: (call: IngressCall) => Promise<void>;
  probe: (signal: AbortSignal) => Promise<void>;
  /** What serves `/v1/ws`. */
  socketPlace: SocketPlace | undefined;
}

function fakeKernel(): FakeKernel {
  const unused = (): never => {
    throw new Error('not used by the server');
  };
  const kernel: FakeKernel = {
    entered: 0,
    calls: [],
    ready: true,
    answer: async ({ sink }) => {
      const body = Buffer.from('{"ok":true}');
      const contentType = 'application/json';
      sink.start({ status: 200, contentType, contentLength: body.length, headers: {} });
      sink.write(body);
      sink.end();
    },
    probe: async () => undefined,
    apply: unused,
    stop: unused,
    reload: async () => ({ reloaded: true, problems: [], version: '1.0.0' }),
    schemas: unused,
    socketPlace: undefined,
    sockets: {
      at: (path) => (path === '/v1/ws' ? kernel.socketPlace : undefined),
      ticket: async () => ({ path: '/v1/ws', ticket: 'ticket.abc', expiresAtMs: 1 }),
    },
    logins: {
      list: () => [login],
      get: () => login,
      start: () => login,
      wait: async () => login,
      paste: () => login,
      cancel: () => login,
      callback: async () => ({
        status: 200,
        headers: { 'content-type': 'text/html' },
        body: 'done',
      }),
      logout: async (accountId) => ({ accountId, label: 'a***', revoked: 'yes' }),
    },
    accounts: () => accounts,
    resetAccounts: () => undefined,
    noteStray: () => 'unknown',
    plan(query) {
      kernel.entered += 1;
      const plan: Plan = {
        requested: query.model,
        model: query.model,
        alias: false,
        strategy: 'failover',
        candidates: [],
        near: [query.dialect],
      };
      return plan;
    },
    async handle(call) {
      kernel.entered += 1;
      kernel.calls.push(call);
      await kernel.answer(call);
    },
    models() {
      kernel.entered += 1;
      return models;
    },
    health() {
      kernel.entered += 1;
      return { ...snapshot, ready: kernel.ready };
    },
    async checkHealth(signal) {
      kernel.entered += 1;
      await kernel.probe(signal);
      return snapshot;
    },
  };
  return kernel;
}

const kindOf = (value: unknown): JsonKind | undefined => {
  if (value === undefined) return undefined;
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : (typeof value as JsonKind);
};

/** The least of the wire formats: enough to see which one was asked for. */
export const fakeDialects: Dialects = {
  quotas: () => undefined,
  has: () => true,
  read({ dialect, operation, body, headers, check, ...given }) {
    let value: unknown;
    try {
      value = JSON.parse(body.toString());
    } catch (cause) {
      throw new GatewayError('CLIENT_BAD_JSON', 'the body is not JSON', { cause });
    }
    if (typeof value !== 'object' || value === null) {
      throw new GatewayError('CLIENT_BAD_JSON', 'the body is not a JSON object');
    }
    const fields = value as { readonly [key: string]: unknown };
    const { model = fields.model, stream = fields.stream } = given;
    if (typeof model !== 'string') throw new GatewayError('CLIENT_BAD_REQUEST', 'no model');
    check?.((key) => kindOf(fields[key]));
    const session = headers['x-session'];
    return {
      facts: {
        dialect,
        operation,
        model,
        stream: stream === true,
        ...(typeof session === 'string' ? { sessionKey: session } : {}),
        needs: () => [],
      },
      wire: () => ({ path: '', body, ignored: [], answer: () => ({}) as never }),
      events: () => ({}) as never,
      reply: () => ({}) as never,
      body: () => ({}),
      withBody: () => ({}) as never,
      withoutReasoning: () => undefined,
      estimate: () => undefined,
    };
  },
  classify: () => ({ kind: 'upstream', scope: 'request' }),
  error(dialect, error, { requestId, retryAfterMs }) {
    const { status, kind } = errorRow(error.code);
    const shape =
      dialect === 'anthropic-messages'
        ? { type: 'error', error: { type: kind, message: error.message }, request_id: requestId }
        : { error: { message: error.message, type: kind, param: null, code: error.code } };
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (retryAfterMs !== undefined) headers['retry-after'] = `${Math.ceil(retryAfterMs / 1000)}`;
    return { status, headers, body: Buffer.from(JSON.stringify(shape)) };
  },
};

/** One line of the log. */
interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

export interface RunningServer extends ListenAddress {
  readonly settings: ServerSettings;
  readonly server: GatewayServer;
  readonly kernel: FakeKernel;
  readonly log: LogLine[];
  /** Milliseconds since 1970, as the server sees it. */
  readonly clock: { nowMs: number };
}

export async function startServer(
  changes: Partial<ServerSettings> = {},
  dialects: Dialects = fakeDialects,
): Promise<RunningServer> {
  const kernel = fakeKernel();
  const log: LogLine[] = [];
  const clock = { nowMs: 1_800_000_000_000 };
  const used = { ...settings, ...changes };
  const write =
    (level: string) =>
    (message: string, fields: object = {}) => {
      log.push({ level, message, fields: { ...fields } });
    };
  const server = createServer({
    reloadConfig: async () => ({ outcome: 'unchanged', problems: [] }),
    settings: used,
    kernel,
    dialects,
    logger: {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
    },
    explain: (plan) => ({ explained: plan.requested, dialect: plan.near[0] }),
    metrics: async () => ({ contentType: 'text/plain', body: 'up 1\n' }),
    version: '9.8.7',
    now: () => clock.nowMs,
  });
  return { ...(await server.listen()), settings: used, server, kernel, log, clock };
}

/** Starts servers for a test file and closes them after each test. */
export function serverRig(): typeof startServer {
  const running: RunningServer[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map(({ server }) => server.close()));
  });
  return async (...args) => {
    const one = await startServer(...args);
    running.push(one);
    return one;
  };
}

export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body, parsed; undefined where it is not JSON. */
  readonly json: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- as a client sees it
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
  readonly agent?: Agent;
  /** True: no key is added. */
  readonly bare?: boolean;
}

/** Sends a request over a real socket; the path goes out as it is written. */
export function ask(to: { readonly port: number }, path: string, how: Ask = {}): Promise<Got> {
  const key = how.bare === true ? {} : { authorization: `Bearer ${CLIENT_KEY}` };
  const type = how.body === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const req = httpRequest(
      {
        host: '127.0.0.1',
        port: to.port,
        path,
        method: how.method ?? (how.body === undefined ? 'GET' : 'POST'),
        headers: { ...key, ...type, ...how.headers },
        ...(how.agent === undefined ? {} : { agent: how.agent }),
      },
      (res) => {
        const chunks: Buffer[] = [];
        res.on('data', (chunk: Buffer) => chunks.push(chunk));
        res.on('error', reject);
        res.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          let json: unknown;
          try {
            json = JSON.parse(text);
          } catch {
            json = undefined;
          }
          resolve({ status: res.statusCode ?? 0, headers: res.headers, text, json });
        });
      },
    );
    req.on('error', reject);
    req.end(how.body);
  });
}

/** Sends bytes as they are; resolves with all that came once the server has closed. */
export function raw(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    socket.on('end', () => socket.end());
    socket.write(bytes);
  });
}

export const chatBody = JSON.stringify({ model: 'm-1', messages: [] });
