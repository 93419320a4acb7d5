import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { KEY, ADMIN_KEY, openWorkshop, until } from '../process/gateway-process.ts';
import type { GatewayProcess } from '../process/gateway-process.ts';
import { openPluginFolder } from '../plugins/plugin-folder.ts';

/** A child as `/v1/health` shows it. */
interface Child {
  readonly name: string;
  readonly state: string;
  readonly pid?: number;
  readonly restarts: number;
  readonly memoryBytes?: number;
  readonly retryInMs?: number;
  readonly lastExit?: { readonly code?: number; readonly signal?: string; readonly reason: string };
  readonly log?: string;
}

/** One instance of the plugin that starts what its configuration says. */
interface Instance {
  readonly children: readonly object[];
  readonly more?: Readonly<Record<string, unknown>>;
}

/** A gateway in a process of its own, with plugins that have children. */
export interface Stage {
  readonly data: string;
  gateway(): GatewayProcess;
  start(
    instances: Readonly<Record<string, Instance>>,
    env?: Readonly<Record<string, string>>,
  ): Promise<GatewayProcess>;
  /** Writes another configuration; the gateway follows. */
  change(instances: Readonly<Record<string, Instance>>): void;
  health(): Promise<{ readonly status: string; readonly plugins: readonly Plugin[] }>;
  child(instance: string, name: string): Promise<Child>;
  /** Waits until a child is as it should be. */
  when(instance: string, name: string, is: (child: Child) => boolean): Promise<Child>;
  /** What a child printed, in all files of its log. */
  printed(name: string): string;
  run: ReturnType<typeof openWorkshop>['run'];
  clear(): void;
}

interface Plugin {
  readonly instanceId: string;
  readonly state: string;
  readonly status: string;
  readonly problems: readonly string[];
  readonly children?: readonly Child[];
}

/** The plugin: starts its children, says what they send, and sends them what it is to. */
const SOURCE = `
import { configSchema, definePlugin, secret, services } from '@cliproxy/plugin-api';
const any = { type: 'object', additionalProperties: true, required: [], properties: {} };
export default definePlugin({
  config: configSchema(any),
  deps: { supervisor: services.supervisor },
  setup: ({ config, logger, onDispose }, { supervisor }) => ({
    async start() {
      for (const { wrapped, greet, ...spec } of config.children) {
        const set = { ...spec.set, ...(wrapped && { WRAPPED: secret(wrapped) }) };
        const child = await supervisor.start({ ...spec, set });
        if (!spec.channel) continue;
        void (async () => {
          for await (const message of child.messages) {
            const text = JSON.stringify(message).slice(0, 200);
            logger.info('message ' + spec.name + ' ' + text);
            if (message.type === 'ready' && greet) await child.send({ greet });
          }
          logger.info('messages of ' + spec.name + ' have ended');
        })();
      }
    },
  }),
});
`;

/** The program of {@link Stage}'s children. */
export const CHILD = path.join(import.meta.dirname, 'child.mjs');

export function openStage(): Stage {
  const shop = openWorkshop();
  const plugins = openPluginFolder();
  const folder = plugins.add({
    id: 'parent',
    manifest: { permissions: { childProcess: true, env: ['PASSED'], hosts: ['127.0.0.1'] } },
    module: SOURCE,
  });
  const data = path.join(shop.dir, '.cliproxy', 'data');
  let gateway: GatewayProcess | undefined;
  const running = (): GatewayProcess => {
    if (gateway === undefined) throw new Error('no gateway runs');
    return gateway;
  };
  const write = (instances: Readonly<Record<string, Instance>>): string => {
    const entries = Object.entries(instances).map(([id, { children, more }]) => [
      id,
      { package: folder, config: { children }, ...more },
    ]);
    const text = JSON.stringify({
      server: { port: 0, apiKeys: [KEY], adminKeys: [ADMIN_KEY], drainMs: 1000 },
      log: { level: 'debug', format: 'json' },
      plugins: { echo: {}, ...Object.fromEntries(entries) },
    });
    return shop.config(text);
  };
  const health: Stage['health'] = async () => {
    const reply = await fetch(`${running().url}/v1/health`, {
      headers: { authorization: `Bearer ${KEY}` },
    });
    return (await reply.json()) as Awaited<ReturnType<Stage['health']>>;
  };
  const child: Stage['child'] = async (instance, name) => {
    const { plugins: all } = await health();
    const of = all.find(({ instanceId }) => instanceId === instance);
    const found = of?.children?.find((one) => one.name === name);
    return found ?? { name, state: 'none', restarts: 0 };
  };
  return {
    data,
    health,
    child,
    gateway: running,
    async start(instances, env = {}) {
      gateway = await shop.start(['--config', write(instances)], { env });
      return gateway;
    },
    change: (instances) => void write(instances),
    async when(instance, name, is) {
      let last = await child(instance, name);
      await until(async () => is((last = await child(instance, name))), `${instance}/${name}`);
      return last;
    },
    printed(name) {
      const logs = path.join(data, 'logs');
      if (!existsSync(logs)) return '';
      return readdirSync(logs)
        .filter((file) => file.startsWith(`${name}.log`))
        .map((file) => readFileSync(path.join(logs, file), 'utf8'))
        .join('');
    },
    run: (args, launch) => shop.run(args, launch),
    clear() {
      for (const pid of marked()) killed(pid);
      shop.clear();
      plugins.remove();
    },
  };

  /** Whatever the gateways of this test left, should one of them fail at it. */
  function marked(): readonly number[] {
    const file = path.join(data, 'children.json');
    if (!existsSync(file)) return [];
    const { owner } = JSON.parse(readFileSync(file, 'utf8')) as { readonly owner: string };
    return processesWith(`CLIPROXY_CHILD=${owner}.`);
  }
}

/** Processes with a text in their environment. */
export function processesWith(text: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .map(Number)
    .filter((pid) => environmentOf(pid).includes(text));
}

/** A process's environment as it was given, or nothing once it has ended. */
export function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}

/** Whether a process runs; a zombie doesn't. */
export function runs(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/mu.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** How many of a process's children are zombies. */
export function zombiesOf(pid: number): number {
  const rows = execFileSync('ps', ['-eo', 'ppid=,stat='], { encoding: 'utf8' });
  return rows.split('\n').filter((row) => new RegExp(`^\\s*${pid}\\s+Z`, 'u').test(row)).length;
}

export function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
