/** A kernel with a plugin whose accounts are logged in, over real HTTP; the vendor's server is strict. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { configSchema, definePlugin, GatewayError, secret } from '@cliproxy/plugin-api';
import type { Authenticator, AuthContext, Credential } from '@cliproxy/plugin-api';
import { createKernel } from '../src/create-kernel.ts';
import type { KernelPorts } from '../src/create-kernel.ts';
import type { Kernel } from '../src/kernel.ts';
import { classify, quotas } from './dispatch-rig.ts';
import { noChildFiles } from './no-children.ts';
import { instance, manifestOf, rememberingPorts, settings } from './plugin-workshop.ts';

/** A vendor: redeems each code and each refresh token once, and serves only the newest token. */
export interface StrictVendor {
  readonly url: string;
  /** Token requests, refused ones too. */
  tokenRequests: number;
  apiCalls: number;
  revoked: string[];
  /** Seconds that a token lives. */
  lifeS: number;
  /** Refuses every access token that was given so far. */
  expireAll(): void;
  close(): Promise<void>;
}

export async function strictVendor(): Promise<StrictVendor> {
  let count = 0;
  const codes = new Set(['good-code', 'other-code']);
  /** Refresh token to the login that it belongs to. */
  const families = new Map<string, string>();
  const access = new Set<string>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://vendor');
    const answer = (status: number, value: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    request.resume();
    request.on('end', () => {
      if (url.pathname === '/revoke') {
        vendor.revoked.push(url.searchParams.get('token') ?? '');
        answer(200, {});
        return;
      }
      if (url.pathname !== '/token') {
        vendor.apiCalls += 1;
        const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
        if (!access.has(token)) answer(401, { error: 'token expired' });
        else response.end('start\ntext hi\ndone\n');
        return;
      }
      vendor.tokenRequests += 1;
      const given = url.searchParams.get('grant') ?? '';
      const family = codes.delete(given) ? given : families.get(given);
      if (family === undefined) {
        answer(400, { error: 'invalid_grant' });
        return;
      }
      families.delete(given);
      count += 1;
      const refresh = `refresh-token-${count}`;
      families.set(refresh, family);
      access.add(`access-token-${count}`);
      answer(200, { refresh, access: `access-token-${count}`, lifeS: vendor.lifeS, who: family });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const vendor: StrictVendor = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tokenRequests: 0,
    apiCalls: 0,
    revoked: [],
    lifeS: 3600,
    expireAll: () => access.clear(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return vendor;
}

interface LoginConfig {
  readonly baseUrl: string;
  readonly port?: number;
}

interface Grant {
  readonly refresh: string;
  readonly access: string;
  readonly lifeS: number;
  readonly who: string;
}

async function redeem(baseUrl: string, grant: string, { http, signal }: AuthContext) {
  const url = `${baseUrl}/token?grant=${encodeURIComponent(grant)}`;
  const reply = await http.request({ method: 'POST', url, headers: {} }, signal);
  const chunks: Buffer[] = [];
  for await (const chunk of reply.body) chunks.push(chunk as Buffer);
  if (reply.status !== 200) {
    throw new GatewayError('AUTH_NEEDS_LOGIN', 'the vendor has ended the login (invalid_grant)');
  }
  const { refresh, access, lifeS, who } = JSON.parse(Buffer.concat(chunks).toString()) as Grant;
  const credential: Credential = {
    secrets: { refresh: secret(refresh), access: secret(access) },
    facts: { plan: 'plus', scopes: 'chat files' },
    expiresAtMs: Date.now() + lifeS * 1000,
  };
  return { credential, who };
}

/** As a plugin author would write it, without a library. */
function authenticator({ baseUrl, port }: LoginConfig): Authenticator {
  return {
    id: 'sign-in',
    method: 'oauth',
    authorize: async (request, { secrets }) => ({
      ...request,
      headers: { ...request.headers, authorization: `Bearer ${secrets.access?.reveal() ?? ''}` },
    }),
    async login(session) {
      if (session.input.fault !== undefined) throw new TypeError('a bug in the plugin');
      const path = '/auth/callback';
      const uri = await session.redirectUri({ path, ...(port === undefined ? {} : { port }) });
      session.open(`${baseUrl}/authorize?state=${session.state}&redirect_uri=${uri}`);
      const { code, error } = await session.callback();
      if (code === undefined) {
        throw new GatewayError('AUTH_LOGIN_FAILED', `the login failed: <${error ?? ''}>`);
      }
      session.progress(`redeeming ${code}`);
      const { credential, who } = await redeem(baseUrl, code, session);
      return { key: who, label: `${who[0] ?? ''}***`, credential };
    },
    refresh: async (former, context) =>
      (await redeem(baseUrl, former.secrets.refresh?.reveal() ?? '', context)).credential,
    async revoke({ secrets }, { http, signal }) {
      const url = `${baseUrl}/revoke?token=${secrets.refresh?.reveal() ?? ''}`;
      await http.request({ method: 'POST', url, headers: {} }, signal);
    },
  };
}

const plugin = definePlugin<LoginConfig>({
  config: configSchema<LoginConfig>({
    type: 'object',
    additionalProperties: false,
    required: ['baseUrl'],
    properties: { baseUrl: { type: 'string' }, port: { type: 'integer', nullable: true } },
  }),
  setup: ({ config }) => ({
    executor: {
      kind: 'wire',
      speaks: { 'openai-chat': ['generate'] },
      models: async () => Promise.resolve([]),
      send: (sent) =>
        sent.http.request(
          {
            method: 'POST',
            url: config.baseUrl + sent.path,
            headers: sent.headers,
            body: sent.body,
          },
          sent.signal,
        ),
    },
    authenticators: [authenticator(config)],
    accounts: [],
  }),
});

/** A kernel with the plugin mounted as `foo`, and what it told. */
export async function loginKernel(
  vendor: StrictVendor,
  more: { readonly port?: number; readonly credentials?: KernelPorts['credentials'] } = {},
): Promise<{
  readonly kernel: Kernel;
  readonly told: ReturnType<typeof rememberingPorts>;
  apply(config?: Partial<LoginConfig>): Promise<void>;
}> {
  const told = rememberingPorts();
  const { port, credentials } = more;
  const kernel = createKernel({
    ...told.ports,
    childFiles: noChildFiles,
    secrets: {
      add: (value) => void told.secrets.add(value),
      mask: (text) =>
        [...told.secrets].reduce((masked, one) => masked.replaceAll(one, '***'), text),
    },
    dialects: { classify, has: () => true, quotas } as unknown as KernelPorts['dialects'],
    fallbackDir: import.meta.dirname,
    version: '0.0.0',
    ...(credentials === undefined ? {} : { credentials }),
    preloaded: [
      {
        packageName: 'sign-in',
        plugin,
        packageJson: {
          name: 'sign-in',
          version: '1.0.0',
          type: 'module',
          cliproxyPlugin: manifestOf({
            id: 'sign-in',
            manifest: {
              provides: { executor: true, authenticators: ['sign-in'], models: [{ match: 'm' }] },
              permissions: { hosts: ['config:/baseUrl'] },
            },
          }),
        },
      },
    ],
  });
  const apply = async (config: Partial<LoginConfig> = {}): Promise<void> => {
    const whole = { baseUrl: vendor.url, ...(port === undefined ? {} : { port }), ...config };
    const mounted = instance('foo', { package: 'sign-in', config: whole });
    // Not to be measured against the clock: the machine may be busy.
    const timeouts = {
      connectMs: 60_000,
      firstByteMs: 60_000,
      idleMs: 60_000,
      totalMs: 60_000,
      loginMs: 600_000,
    };
    const { problems } = await kernel.apply({ ...settings('/', [mounted]), timeouts });
    if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join());
  };
  await apply();
  return { kernel, told, apply };
}
