import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { editEnabled } from '@cliproxy/config';
import { ADMIN_KEY, KEY, openWorkshop, until, words, wordsOf } from '../process/gateway-process.ts';
import type { GatewayProcess, Workshop } from '../process/gateway-process.ts';

/** What a process holds. */
interface Held {
  /** What keeps Node's event loop busy, by kind. */
  readonly resources: Readonly<Record<string, number>>;
  /** Open files by kind; none where the system doesn't tell. */
  readonly files: Readonly<Record<string, number>>;
  readonly heapBytes: number;
  readonly rssBytes: number;
}

/** What so many cycles of disable, enable and reload came to. */
export interface CyclesResult {
  readonly cycles: number;
  /** Of those, by the command line; the others by the same edit and route that it uses. */
  readonly byCommand: number;
  /** Requests to the instances that nobody touched. */
  readonly requests: number;
  readonly failed: number;
  /** Streams of those, and streams that were open at the instance when it was disabled or reloaded. */
  readonly streams: number;
  readonly dropped: number;
  readonly faults: readonly string[];
  readonly before: Held;
  readonly after: Held;
  /** Kinds of which there are more after than before. */
  readonly leaked: readonly string[];
  /** Longest from asking for a change to its being in force, in milliseconds. */
  readonly slowestMs: number;
}

const TEXT = words(24);
const LOOPS = 3;

/**
 * Disables, enables and reloads one instance again and again while it and others are asked.
 *
 * @param commandEvery - which of the cycles go by the command line.
 * @param isolated - whether the instance runs in a process of its own.
 */
export async function runCycles(
  cycles: number,
  commandEvery: number,
  isolated = false,
): Promise<CyclesResult> {
  const shop = openWorkshop();
  try {
    const echo = (paceMs: number, more = ''): string =>
      `{ package: "@cliproxy/plugin-echo", config: { paceMs: ${paceMs} }${more} }`;
    const file = shop.config(`server: { port: 0, apiKeys: [${KEY}], adminKeys: [${ADMIN_KEY}] }
plugins:
  steady: ${echo(0)}
  paced: ${echo(10)}
  cycled: ${echo(10, isolated ? ', isolation: process' : '')}
`);
    const probe = path.join(shop.dir, 'held.json');
    const gateway = await shop.start(['--config', file], {
      env: {
        NODE_OPTIONS: `--import ${path.join(import.meta.dirname, 'handle-probe.mjs')}`,
        HANDLE_PROBE_FILE: probe,
      },
    });
    return await measured({ shop, file, probe, gateway, cycles, commandEvery });
  } finally {
    shop.clear();
  }
}

interface Run {
  readonly shop: Workshop;
  readonly file: string;
  readonly probe: string;
  readonly gateway: GatewayProcess;
  readonly cycles: number;
  readonly commandEvery: number;
}

async function measured(run: Run): Promise<CyclesResult> {
  const { gateway, cycles, commandEvery } = run;
  const faults: string[] = [];
  const count = { requests: 0, failed: 0, streams: 0, dropped: 0, byCommand: 0, slowestMs: 0 };
  const ask = async (agent: http.Agent, instance: string, stream: boolean): Promise<void> => {
    count[stream ? 'streams' : 'requests'] += 1;
    const wrong = await whatIsWrong(agent, gateway, instance, stream);
    if (wrong === undefined) return;
    count[stream ? 'dropped' : 'failed'] += 1;
    faults.push(`${instance}: ${wrong}`);
  };
  const cycle = async (agent: http.Agent, byCommand: boolean): Promise<void> => {
    count.byCommand += byCommand ? 1 : 0;
    for (const verb of ['disable', 'enable', 'reload'] as const) {
      // Open when the instance goes: it has to end well all the same.
      const open = verb === 'enable' ? undefined : ask(agent, 'cycled', true);
      await sleep(20);
      const begunMs = performance.now();
      await (byCommand ? changeByCommand(run, verb) : change(agent, run, verb));
      if (!byCommand) count.slowestMs = Math.max(count.slowestMs, performance.now() - begunMs);
      await open;
    }
  };
  const quiet = new http.Agent({ keepAlive: true });
  await ask(quiet, 'steady', false);
  await ask(quiet, 'paced', true);
  await cycle(quiet, false);
  quiet.destroy();
  const before = await settled(run, undefined);

  const agent = new http.Agent({ keepAlive: true });
  let isOver = false;
  const loop = async (instance: string, stream: boolean): Promise<void> => {
    while (!isOver) await ask(agent, instance, stream);
  };
  const load = [
    ...Array.from({ length: LOOPS }, () => loop('steady', false)),
    ...Array.from({ length: LOOPS }, () => loop('paced', true)),
  ];
  for (let at = 1; at <= cycles; at += 1) await cycle(agent, at % commandEvery === 0);
  isOver = true;
  await Promise.all(load);
  agent.destroy();
  const after = await settled(run, before);
  return { cycles, ...count, faults, before, after, leaked: more(before, after) };
}

/** The way of the command line, without its process: the file, then the route. */
async function change(agent: http.Agent, { file, gateway }: Run, verb: string): Promise<void> {
  if (verb !== 'reload') {
    const edited = editEnabled(readFileSync(file, 'utf8'), 'cycled', verb === 'enable');
    writeFileSync(file, edited ?? '');
  }
  const at = verb === 'reload' ? '/v1/plugins/cycled/reload' : '/v1/config/reload';
  const { status, text } = await send(agent, gateway.url + at, ADMIN_KEY, {});
  if (status !== 200) throw new Error(`${verb}: ${status} ${text}`);
}

async function changeByCommand({ shop, file }: Run, verb: string): Promise<void> {
  const { code, stderr } = await shop.run(['plugins', verb, 'cycled', '--config', file]);
  if (code !== 0) throw new Error(`${verb}: ${code} ${stderr}`);
}

async function whatIsWrong(
  agent: http.Agent,
  { url }: GatewayProcess,
  instance: string,
  stream: boolean,
): Promise<string | undefined> {
  try {
    const { status, text } = await send(agent, `${url}/v1/chat/completions`, KEY, {
      model: `${instance}/echo`,
      stream,
      messages: [{ role: 'user', content: TEXT }],
    });
    if (status !== 200) return `${status} ${text.slice(0, 200)}`;
    if (stream && !text.endsWith('data: [DONE]\n\n')) return `it broke off: ${text.slice(-200)}`;
    const said = stream ? wordsOf(text) : text;
    return said.includes(TEXT) ? undefined : `not what was sent: ${text.slice(0, 200)}`;
  } catch (error) {
    return String(error);
  }
}

function send(
  agent: http.Agent,
  url: string,
  key: string,
  body: object,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const request = http.request(url, { agent, method: 'POST', headers }, (reply) => {
      let text = '';
      reply.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      reply.once('error', reject);
      reply.once('close', () => {
        if (reply.complete) resolve({ status: reply.statusCode ?? 0, text });
        else reject(new Error(`the connection broke after ${text.length} characters`));
      });
    });
    request.once('error', reject);
    request.end(JSON.stringify(body));
  });
}

/** What it holds once nothing is under way: no more than before, or whatever is left after a while. */
async function settled(run: Run, before: Held | undefined): Promise<Held> {
  for (let tries = 1; ; tries += 1) {
    await sleep(500);
    const held = await probed(run);
    const calm = before === undefined ? tries === 4 : more(before, held).length === 0;
    if (calm || tries === 40) return held;
  }
}

async function probed({ probe, gateway }: Run): Promise<Held> {
  rmSync(probe, { force: true });
  gateway.kill('SIGUSR2');
  await until(() => existsSync(probe));
  return JSON.parse(readFileSync(probe, 'utf8')) as Held;
}

function more(before: Held, after: Held): readonly string[] {
  return (['resources', 'files'] as const).flatMap((group) =>
    Object.entries(after[group])
      .filter(([kind, count]) => count > (before[group][kind] ?? 0))
      .map(([kind, count]) => `${kind}: ${before[group][kind] ?? 0} -> ${count}`),
  );
}
