import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { startCtonew, startScriptedUpstream } from '@cliproxy/plugin-testkit';
import type { Ctonew, ReceivedRequest, ScriptedUpstream } from '@cliproxy/plugin-testkit';
import { startChatGptAuthority } from '../../plugins/llmux-chatgpt/test/chatgpt-authority.ts';
import type { ChatGptAuthority } from '../../plugins/llmux-chatgpt/test/chatgpt-authority.ts';
import { startClaudeAuthority } from '../../plugins/llmux-claude/test/claude-authority.ts';
import type { ClaudeAuthority } from '../../plugins/llmux-claude/test/claude-authority.ts';
import { openWorkshop } from '../process/gateway-process.ts';
import type { GatewayProcess, LaunchedProcess, Workshop } from '../process/gateway-process.ts';
import { startAcmeVendor } from './acme-vendor.ts';
import type { AcmeVendor } from './acme-vendor.ts';
import { PlantedSecrets } from './planted.ts';

/** One thing that somebody can see. */
export interface Told {
  readonly where: string;
  readonly text: string;
}

/** A gateway in a process of its own, with every vendor that it can have, and all that comes of it. */
export interface Stage {
  readonly shop: Workshop;
  readonly planted: PlantedSecrets;
  readonly acme: AcmeVendor;
  readonly claude: ClaudeAuthority;
  readonly chatgpt: ChatGptAuthority;
  readonly ctonew: { readonly commandLine: Ctonew; readonly web: Ctonew; readonly fixed: Ctonew };
  readonly upstream: ScriptedUpstream;
  /** What the environment of every command holds. */
  readonly env: Readonly<Record<string, string>>;
  readonly keys: { readonly client: string; readonly admin: string };
  /** What anybody can see. */
  readonly told: readonly Told[];
  /** What went in: to the gateway from outside, and to the vendors from it. */
  arrived(): string;
  gateway(): GatewayProcess;
  /** Starts the gateway. @param env - besides what all commands have. */
  start(env?: Readonly<Record<string, string>>): Promise<void>;
  /** Waits until the gateway has ended by itself; what it printed is told. */
  ended(): Promise<number | undefined>;
  stop(): Promise<void>;
  tell(where: string, text: string): void;
  /** Takes back what was told. */
  forget(what: readonly Told[]): void;
  ask(at: string, question?: Question): Promise<Answer>;
  /** Begins a command against the gateway. */
  begin(line: string, env?: Readonly<Record<string, string>>): LaunchedProcess;
  /** Runs one to its end, and tells what it prints. */
  run(line: string, env?: Readonly<Record<string, string>>): Promise<number | undefined>;
  close(): Promise<void>;
}

interface Question {
  readonly admin?: boolean;
  readonly method?: 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The answer gives a secret out, to whom it is for. */
  readonly untold?: boolean;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const random = (): string => randomBytes(18).toString('hex');

export async function openStage(): Promise<Stage> {
  const shop = openWorkshop();
  const planted = new PlantedSecrets();
  const [acme, claude, chatgpt, upstream] = await Promise.all([
    startAcmeVendor(planted),
    startClaudeAuthority(),
    startChatGptAuthority(),
    startScriptedUpstream(),
  ]);
  const [commandLine, web, fixed] = await Promise.all([
    startCtonew(),
    startCtonew(),
    startCtonew(),
  ]);
  upstream.answer(echo(401));
  const env = environment(planted, fixed.account.cookie);
  shop.config(configuration({ acme, claude, chatgpt, commandLine, web, fixed, upstream }));

  let told: Told[] = [];
  const sent: string[] = [];
  let gateway: GatewayProcess | undefined;
  const running = (): GatewayProcess => {
    if (gateway === undefined) throw new Error('no gateway runs');
    return gateway;
  };
  const tell = (where: string, text: string): void => void told.push({ where, text });
  const keys = { client: env.CLIENT_KEY ?? '', admin: env.ADMIN_KEY ?? '' };
  const begin: Stage['begin'] = (line, more = {}) =>
    shop.begin([...line.split(' '), '--config', 'config.yaml'], {
      env: {
        ...env,
        DISPLAY: '',
        WAYLAND_DISPLAY: '',
        ...(gateway && { CLIPROXY_SERVER_PORT: String(gateway.port) }),
        ...more,
      },
    });
  const ended = async (): Promise<number | undefined> => {
    const { code, stdout, stderr } = await running().ended;
    tell('standard output of the gateway', stdout);
    for (const line of stderr.split('\n')) tell('standard error of the gateway', line);
    gateway = undefined;
    return code;
  };
  const stop = async (): Promise<void> => {
    if (gateway === undefined) return;
    gateway.kill('SIGTERM');
    await ended();
  };

  return {
    ...{ shop, planted, acme, claude, chatgpt, upstream, env, keys, tell, begin, ended, stop },
    get told() {
      return told;
    },
    forget: (what) => void (told = told.filter((one) => !what.includes(one))),
    ctonew: { commandLine, web, fixed },
    gateway: running,
    arrived: () =>
      [
        ...sent,
        ...acme.received,
        ...upstream.requests.map(whole),
        ...[claude, chatgpt].flatMap(({ tokens }) => [
          ...tokens.requests.map(({ headers, body }) => `${JSON.stringify(headers)} ${body}`),
          ...tokens.replies,
        ]),
      ].join('\n'),
    start: async (more = {}) => {
      gateway = await shop.start(['--config', 'config.yaml'], { env: { ...env, ...more } });
    },
    ask: async (at, question = {}) => {
      const { admin = false, headers, body, untold = false } = question;
      const { method = body === undefined ? 'GET' : 'POST' } = question;
      const key = admin ? keys.admin : keys.client;
      const init = {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      };
      sent.push(`${at} ${JSON.stringify(init.headers)} ${init.body ?? ''}`);
      const reply = await fetch(running().url + at, { ...init, redirect: 'manual' });
      const text = await reply.text();
      if (!untold)
        tell(`answer to ${method} ${at}`, `${JSON.stringify([...reply.headers])} ${text}`);
      return { status: reply.status, headers: reply.headers, text };
    },
    run: async (line, more) => {
      const { code, stdout, stderr } = await begin(line, more).ended;
      tell(`cliproxy ${line}`, `${stdout}\n${stderr}`);
      return code;
    },
    close: async () => {
      shop.clear();
      await Promise.all(
        [acme, claude, chatgpt, upstream, commandLine, web, fixed].map((one) => one.close()),
      );
    },
  };
}

/** Repeats whatever credential it was shown, in its head and its body. */
export function echo(status: number) {
  return (request: ReceivedRequest) => {
    const all = whole(request);
    const shown = JSON.stringify(request.headers);
    return {
      status,
      headers: { 'content-type': 'application/json', 'request-id': shown, 'x-debug': shown },
      body: JSON.stringify({ error: { type: 'error', code: all, param: shown, message: all } }),
    };
  };
}

function whole({ method, url, headers, body }: ReceivedRequest): string {
  return `${method} ${url} ${JSON.stringify(headers)} ${body.toString()}`;
}

function environment(planted: PlantedSecrets, cookie: string): Readonly<Record<string, string>> {
  const given = 'configuration, by the environment';
  return {
    CLIENT_KEY: planted.plant('client key', `client-${random()}`, `${given}; clients' requests`),
    OTHER_KEY: planted.plant('second client key', `second-${random()}`, given),
    ADMIN_KEY: planted.plant('admin key', `admin-${random()}`, `${given}; the command line`),
    SERVICE_KEY: planted.plant('key of a compatible service', `sk-${random()}`, given),
    SERVICE_KEY_2: planted.plant('its second key', `sk2-${random()}`, given),
    SERVICE_HEADER: planted.plant("a service's secret header", `hd-${random()}`, given),
    ANTHROPIC_KEY: planted.plant('Anthropic API key', `sk-ant-api03-${random()}`, given),
    OPENAI_KEY: planted.plant('OpenAI API key', `sk-proj-${random()}`, given),
    GEMINI_KEY: planted.plant('Gemini API key', `AIza${random()}`, given),
    ACME_SECRET: planted.plant('OAuth client secret', `cs-${random()}`, `${given}; token requests`),
    CTONEW_TOKEN: planted.plant('Clerk JWT in the configuration', cookie, given),
    CLIPROXY_VAULT_KEY: planted.plant('vault key', randomBytes(32).toString('base64'), given),
    UNUSED_SECRET: planted.plant('what nobody asked for', random(), 'environment of all commands'),
  };
}

interface Vendors {
  readonly acme: AcmeVendor;
  readonly claude: ClaudeAuthority;
  readonly chatgpt: ChatGptAuthority;
  readonly commandLine: Ctonew;
  readonly web: Ctonew;
  readonly fixed: Ctonew;
  readonly upstream: ScriptedUpstream;
}

function configuration(vendors: Vendors): string {
  const { acme, claude, chatgpt, commandLine, web, fixed, upstream } = vendors;
  const ctonew = ({ apiUrl, clerkUrl }: Ctonew, mode: 'cli' | 'web', more: object = {}) => ({
    package: '@cliproxy/plugin-ctonew',
    config: {
      ...{ acceptSubscriptionRisk: true, mode, apiBaseUrl: apiUrl, clerkBaseUrl: clerkUrl },
      ...more,
    },
  });
  const { url } = upstream;
  const plugins = {
    acme: {
      package: path.join(import.meta.dirname, 'acme'),
      config: { baseUrl: acme.url, clientSecret: '${ACME_SECRET}' },
    },
    service: {
      package: '@cliproxy/plugin-openai-compatible',
      config: {
        baseUrl: `${url}/v1`,
        apiKeys: ['${SERVICE_KEY}', '${SERVICE_KEY_2}'],
        headers: { 'x-service-secret': '${SERVICE_HEADER}' },
      },
    },
    anthropic: {
      package: '@cliproxy/plugin-llmux-claude',
      config: { baseUrl: url, apiKeys: ['${ANTHROPIC_KEY}'] },
    },
    claude: {
      package: '@cliproxy/plugin-llmux-claude',
      config: { baseUrl: url, oauth: claude.config },
    },
    openai: {
      package: '@cliproxy/plugin-llmux-chatgpt',
      config: { baseUrl: `${url}/v1`, apiKeys: ['${OPENAI_KEY}'] },
    },
    chatgpt: {
      package: '@cliproxy/plugin-llmux-chatgpt',
      config: { baseUrl: `${url}/v1`, signIn: chatgpt.config },
    },
    gemini: { config: { baseUrl: url, apiKeys: ['${GEMINI_KEY}'] } },
    cto: ctonew(commandLine, 'cli'),
    'cto-web': ctonew(web, 'web'),
    'cto-fixed': ctonew(fixed, 'cli', { tokens: ['${CTONEW_TOKEN}'] }),
  };
  // JSON is YAML.
  return JSON.stringify({
    server: { port: 0, apiKeys: ['${CLIENT_KEY}', '${OTHER_KEY}'], adminKeys: ['${ADMIN_KEY}'] },
    log: { level: 'debug', format: 'json', file: 'gateway.log' },
    plugins,
  });
}

/** All files below a folder, each as it stands on disk. */
export function filesBelow(folder: string): readonly Told[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      return { where: path.relative(folder, file), text: fs.readFileSync(file, 'latin1') };
    });
}

/** Command line and environment of every process that descends from one. */
export function descendants(pid: number): readonly Told[] {
  const parents = new Map<number, number>();
  for (const name of fs.readdirSync('/proc').filter((one) => /^\d+$/u.test(one))) {
    const stat = readIfThere(`/proc/${name}/stat`);
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2]));
  }
  const below = (one: number): boolean => {
    const parent = parents.get(one);
    return parent !== undefined && parent > 1 && (parent === pid || below(parent));
  };
  return [...parents.keys()].filter(below).map((one) => ({
    where: `process ${one}`,
    text: `${readIfThere(`/proc/${one}/cmdline`)}\n${readIfThere(`/proc/${one}/environ`)}`,
  }));
}

function readIfThere(file: string): string {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
