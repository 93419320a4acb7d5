// What other providers' clients notice of an isolated plugin that loops, takes 1 GB or exits: their p99
// beside that of the calm in the same run, and how soon the instance is back. It has failed once before
// that: V8 compiles the way of every request anew when a gateway sees its first failure, of whatever kind.
//   node test/isolation/others.mjs [--rounds N] [--seconds N]
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { spread } from '../bench/table.mjs';
import { endAll, end, routerProgram, start, upstreamProgram } from '../bench/processes.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (options.help) {
  console.log('node test/isolation/others.mjs [--rounds N] [--seconds N, of each window]');
  process.exit();
}
const KEY = 'isolation-client-key-0123456789';
const EVERY_MS = 10;
const WARM_UP_MS = 5_000;
const CEILING = 1.2;
const BACK_CEILING_MS = 5_000;
const root = path.join(import.meta.dirname, '..', '..');
const faults = {
  'endless loop': 'for (;;);',
  '1 GB allocation':
    'kept = []; for (let n = 0; n < 10; n += 1) { kept.push(Buffer.alloc(100e6, 1)); await sleep(1); } return never;',
  'process.exit': 'process.exit(3);',
};

createRequire(import.meta.url)('../../bin/prepare.cjs').prepare();
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cliproxy-isolation-'));
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
try {
  const upstream = await start(upstreamProgram());
  const program = routerProgram(root, configure(upstream.url));
  const found = Object.fromEntries(Object.keys(faults).map((name) => [name, newFound()]));
  for (let round = 0; round < Number(options.rounds); round += 1) {
    // Anew each time: eight failures in five minutes would be a crash loop.
    const router = await start(program);
    await measure(router.url, found);
    end(router);
  }
  process.exitCode = told(found) ? 0 : 1;
} finally {
  agent.destroy();
  endAll();
  fs.rmSync(folder, { recursive: true, force: true });
}

/** Each fault between two times of calm, by which it is judged: the machine may be busy at times. */
async function measure(url, found) {
  const windowMs = Number(options.seconds) * 1000;
  await warmUp(url);
  await strike(url, 'process.exit');
  await warmUp(url);
  let before = await during(url, sleep(windowMs));
  for (const [name, one] of Object.entries(found)) {
    const fault = strike(url, name);
    const seen = await during(url, Promise.all([fault, sleep(windowMs)]));
    const after = await during(url, sleep(windowMs));
    const calm = [...before.times, ...after.times];
    one.calm.push(...calm);
    one.times.push(...seen.times);
    one.ratios.push(p99(seen.times) / p99(calm));
    one.failed += seen.failed;
    one.backMs.push(await fault);
    before = after;
  }
}

/** @returns whether all of it is within its ceilings. */
function told(found) {
  console.log(
    'p99 of another provider, over all rounds; in brackets the ratios of single rounds\n',
  );
  console.log(
    'fault              requests  failed  calm ms  p99 ms  ratio               back after s',
  );
  let good = true;
  for (const [name, { calm, times, ratios, failed, backMs }] of Object.entries(found)) {
    const ratio = p99(times) / p99(calm);
    const { min, max } = spread(ratios);
    const { median: back, max: latest } = spread(backMs.map((one) => one / 1000));
    const sound = ratio <= CEILING && failed === 0 && latest <= BACK_CEILING_MS / 1000;
    good &&= sound;
    console.log(
      `${name.padEnd(18)} ${String(times.length).padStart(8)} ${String(failed).padStart(7)} ` +
        `${p99(calm).toFixed(2).padStart(8)} ${p99(times).toFixed(2).padStart(7)}  ` +
        `${ratio.toFixed(2)} (${min.toFixed(2)} … ${max.toFixed(2)})`.padEnd(20) +
        ` ${back.toFixed(1)}, at most ${latest.toFixed(1)}${sound ? '' : '   ABOVE ITS CEILING'}`,
    );
  }
  console.log(
    `\nceilings: ${CEILING} × calm, back within ${BACK_CEILING_MS / 1000} s, none failed`,
  );
  return good;
}

function newFound() {
  return { calm: [], times: [], ratios: [], failed: 0, backMs: [] };
}

/** Asks the plugin to do it, then until it answers again. @returns how long that took. */
async function strike(url, name) {
  const began = performance.now();
  const { status } = await ask(url, 'sick/m', name);
  if (status !== 503) throw new Error(`${name} was answered with ${status}`);
  for (;;) {
    const reply = await ask(url, 'sick/m', 'Hello');
    if (reply.status === 200) return performance.now() - began;
    await sleep(50);
  }
}

/** Until all that is on the way of a request has been compiled. */
async function warmUp(url) {
  const untilMs = performance.now() + WARM_UP_MS;
  const client = async () => {
    while (performance.now() < untilMs) await ask(url, 'other/gpt-4-bench', 'Hello');
  };
  await Promise.all(Array.from({ length: 16 }, client));
}

/** What another provider's clients wait for their answers, one every few milliseconds. */
async function during(url, work) {
  const seen = { times: [], failed: 0 };
  const asked = new Set();
  let over = false;
  void work.finally(() => (over = true));
  for (let next = performance.now(); !over; next += EVERY_MS) {
    await sleep(Math.max(0, next - performance.now()));
    const one = ask(url, 'other/gpt-4-bench', 'Hello').then(({ status, ms }) => {
      asked.delete(one);
      if (status === 200) seen.times.push(ms);
      else seen.failed += 1;
    });
    asked.add(one);
  }
  await Promise.all(asked);
  await work;
  return seen;
}

function ask(url, model, content) {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content }] });
  const began = performance.now();
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
    const request = http.request(`${url}/v1/chat/completions`, { agent, method: 'POST', headers });
    request.on('error', () => resolve({ status: 0 }));
    request.on('response', (reply) => {
      reply.resume();
      reply.on('end', () => resolve({ status: reply.statusCode, ms: performance.now() - began }));
    });
    request.end(body);
  });
}

function configure(upstream) {
  const sick = path.join(folder, 'sick');
  fs.mkdirSync(path.join(sick, 'node_modules', '@cliproxy'), { recursive: true });
  const api = path.join(sick, 'node_modules', '@cliproxy', 'plugin-api');
  fs.symlinkSync(path.join(root, 'packages', 'plugin-api'), api);
  const cliproxyPlugin = {
    manifestVersion: 1,
    id: 'sick',
    apiVersion: '1.0',
    entry: './index.js',
    provides: { executor: true },
    permissions: {},
  };
  const packageJson = { name: 'sick', version: '1.0.0', type: 'module', cliproxyPlugin };
  fs.writeFileSync(path.join(sick, 'package.json'), JSON.stringify(packageJson));
  fs.writeFileSync(path.join(sick, 'index.js'), sickPlugin());
  const key = { apiKeys: ['sk-isolation-0123456789'] };
  const configuration = {
    server: { port: 0, apiKeys: [KEY], adminKeys: ['isolation-admin-key-0123456789'] },
    log: { level: 'error' },
    data: { folder: path.join(folder, 'data') },
    plugins: {
      other: {
        package: '@cliproxy/plugin-openai-compatible',
        config: { baseUrl: `${upstream}/v1`, ...key },
      },
      sick: { package: sick, isolation: 'process', config: {} },
    },
  };
  const file = path.join(folder, 'config.yaml');
  fs.writeFileSync(file, JSON.stringify(configuration), { mode: 0o600 });
  return file;
}

function sickPlugin() {
  const deeds = Object.entries(faults).map(
    ([name, code]) => `${JSON.stringify(name)}: async () => { ${code} }`,
  );
  return `
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { configSchema, definePlugin } from '@cliproxy/plugin-api';
const any = { type: 'object', additionalProperties: true, required: [], properties: {} };
const never = new Promise(() => {});
let kept;
const deeds = { ${deeds.join(', ')} };
const answer = JSON.stringify({ id: 'x', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: 'well' }, finish_reason: 'stop' }] });
export default definePlugin({
  config: configSchema(any),
  setup: () => ({
    executor: {
      kind: 'wire',
      speaks: { 'openai-chat': ['generate'] },
      models: async () => [{ id: 'm' }],
      async send({ body }) {
        await deeds[JSON.parse(body).messages[0].content]?.();
        return { status: 200, headers: { 'content-type': 'application/json' }, body: Readable.from([Buffer.from(answer)]) };
      },
    },
  }),
});
`;
}

function p99(times) {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN;
}
