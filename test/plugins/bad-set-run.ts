import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { badPlugins } from './bad-set.ts';
import { openPluginFolder } from './plugin-folder.ts';

const LAUNCHER = path.resolve(import.meta.dirname, '../../bin/cliproxy');
const KEY = 'cpx-bad-set-client-key-0123456789';
const ADMIN_KEY = 'cpx-bad-set-admin-key-0123456789';
/** Requests under way at the same time. */
const AT_ONCE = 32;
/** What was heard of one bad plugin. */
interface BadPluginFigures {
  readonly id: string;
  readonly what: string;
  readonly calls: number;
  /** How often which status was answered. */
  readonly statuses: Readonly<Record<number, number>>;
  /** Its own sentence; empty where none was found. */
  readonly told: string;
  /** Faults by where they showed, as health counts them. */
  readonly faults: Readonly<Record<string, number>>;
  /** The same, as metrics do. */
  readonly metricFaults: Readonly<Record<string, number>>;
  readonly state: string;
}

/** What became of a whole run. */
export interface BadSetFigures {
  readonly calls: number;
  readonly seconds: number;
  /** How often the process ended before it was told to. */
  readonly exits: number;
  /** The code that it ended with once it was told to. */
  readonly exitCode: number | null;
  readonly rssMb: number;
  readonly echo: {
    readonly calls: number;
    readonly failed: number;
    readonly p50Ms: number;
    readonly p99Ms: number;
  };
  readonly plugins: readonly BadPluginFigures[];
}

interface Health {
  readonly process: { readonly rssBytes: number };
  readonly plugins: readonly {
    readonly instanceId: string;
    readonly state: string;
    readonly problems: readonly string[];
    readonly faults?: { readonly byPlace: Readonly<Record<string, number>> };
  }[];
}

/**
 * Starts a gateway in a process of its own with echo and all bad plugins, asks echo and them by turns,
 * and takes down what becomes of it.
 *
 * @param calls - how many requests in all.
 * @param pluginFaults - after how many faults a plugin is left alone.
 * @param aftermathMs - waited before health and metrics are read: a plugin that does not let go is told
 *   of after five seconds, and a flood of faults is summed up in metrics after ten more.
 */
export async function runBadSet(
  calls: number,
  pluginFaults: number,
  aftermathMs = 16_000,
): Promise<BadSetFigures> {
  const folder = openPluginFolder();
  const config = path.join(folder.dir, 'config.yaml');
  const plugins = Object.fromEntries(
    badPlugins.map((plugin) => [plugin.id, { package: folder.add(plugin), required: false }]),
  );
  writeFileSync(
    config,
    JSON.stringify({
      server: { port: 0, apiKeys: [KEY], adminKeys: [ADMIN_KEY] },
      log: { format: 'json' },
      timeouts: { firstByteMs: 400, idleMs: 400 },
      failover: { maxAnswerBytes: 1_048_576, pluginFaults },
      plugins: { echo: { config: { paceMs: 0 } }, ...plugins },
    }),
  );
  const child = spawn(process.execPath, [LAUNCHER, 'start', '--config', config], {
    env: { PATH: process.env['PATH'], CLIPROXY_HOME: path.join(folder.dir, 'home') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  }
  let exits = 0;
  child.on('exit', () => (exits += 1));
  try {
    const url = await addressIn(() => log, child);
    const asked = await askAll(url, calls);
    await sleep(aftermathMs);
    const health = JSON.parse(await read(`${url}/v1/health`)) as Health;
    const metrics = await read(`${url}/metrics`);
    const exitsBefore = exits;
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
    return {
      ...asked.figures,
      exits: exitsBefore,
      exitCode: child.exitCode,
      rssMb: Math.round(health.process.rssBytes / 1e6),
      plugins: badPlugins.map((plugin) => {
        const { id, what, told } = plugin;
        const found = health.plugins.find(({ instanceId }) => instanceId === id);
        const said = [
          asked.messages.get(id) ?? '',
          ...(found?.problems ?? []),
          ...log.split('\n').filter((line) => line.includes(`"instance":"${id}"`)),
        ];
        return {
          id,
          what,
          calls: asked.calls.get(id) ?? 0,
          statuses: asked.statuses.get(id) ?? {},
          told: said.map((one) => told.exec(one)?.[0]).find((one) => one !== undefined) ?? '',
          faults: found?.faults?.byPlace ?? {},
          metricFaults: faultsIn(metrics, id),
          state: found?.state ?? '',
        };
      }),
    };
  } finally {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    folder.remove();
  }
}

async function addressIn(log: () => string, child: { exitCode: number | null }): Promise<string> {
  for (;;) {
    const found = /ready at (http:\/\/[\d.:]+)/u.exec(log())?.[1];
    if (found !== undefined) return found;
    if (child.exitCode !== null) throw new Error(`the gateway has ended: ${log()}`);
    await sleep(20);
  }
}

async function read(url: string): Promise<string> {
  return (await fetch(url, { headers: { authorization: `Bearer ${ADMIN_KEY}` } })).text();
}

/** Every second request is one of echo's. */
async function askAll(url: string, calls: number) {
  const statuses = new Map<string, Record<number, number>>();
  const counts = new Map<string, number>();
  const messages = new Map<string, string>();
  const echoMs: number[] = [];
  let failed = 0;
  let next = 0;
  const ask = async (model: string): Promise<{ status: number; text: string }> => {
    const reply = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'still here' }] }),
    });
    return { status: reply.status, text: await reply.text() };
  };
  const askEcho = async (): Promise<void> => {
    const began = performance.now();
    const good = await ask('echo').then(
      ({ status, text }) => status === 200 && text.includes('still here'),
      () => false,
    );
    echoMs.push(performance.now() - began);
    if (!good) failed += 1;
  };
  const askBad = async (id: string): Promise<void> => {
    counts.set(id, (counts.get(id) ?? 0) + 1);
    const { status, text } = await ask(`${id}/x`).catch(() => ({ status: 0, text: '' }));
    const of = statuses.get(id) ?? {};
    statuses.set(id, of);
    of[status] = (of[status] ?? 0) + 1;
    // What the client is told of it first.
    if (!messages.has(id) && status !== 200) {
      messages.set(id, (JSON.parse(text) as { error: { message: string } }).error.message);
    }
  };
  const work = async (): Promise<void> => {
    for (let n = next++; n < calls; n = next++) {
      const bad = badPlugins[(n >> 1) % badPlugins.length];
      await (n % 2 === 0 || bad === undefined ? askEcho() : askBad(bad.id));
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const seconds = (performance.now() - began) / 1_000;
  const sorted = echoMs.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  const echo = { calls: echoMs.length, failed, p50Ms: at(0.5), p99Ms: at(0.99) };
  return { statuses, calls: counts, messages, figures: { calls, seconds, echo } };
}

function faultsIn(metrics: string, id: string): Record<string, number> {
  const lines = metrics.matchAll(
    /^cliproxy_plugin_faults_total\{instance="([^"]*)",where="([^"]*)"\} (\d+)$/gmu,
  );
  return Object.fromEntries(
    [...lines].filter(([, of]) => of === id).map(([, , where, count]) => [where, Number(count)]),
  );
}
