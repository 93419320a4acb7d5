// What the router costs beside a bare node:http pipe proxy: CPU per request and per chunk, start-up,
// idle memory. Both are measured in turn in one run, so that the ratios hold on a noisy machine.
//   npm run bench            the whole table
//   npm run bench -- --quick a tenth of the requests, to see that it runs
//   npm run bench -- small   only the cases whose names begin so
import { fork, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { load } from './load.mjs';

const root = path.join(import.meta.dirname, '..', '..');
createRequire(import.meta.url)('../../bin/prepare.cjs').prepare();
const quick = process.argv.includes('--quick');
const wanted = process.argv.slice(2).find((argument) => !argument.startsWith('--')) ?? '';
const ROUNDS = quick ? 2 : 7;
const KEY = 'bench-client-key-0123456789';
/** As `npm start` runs it. */
const ROUTER_FLAGS = ['--single-threaded-gc'];
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cliproxy-bench-'));

const text = 'The quick brown fox jumps over the lazy dog. '.repeat(23_302);
const image = `data:image/png;base64,${'iVBORw0KGgoAAAANSUhEUgAB'.repeat(43_691)}`;
const question = (content, extra) =>
  Buffer.from(
    JSON.stringify({ model: 'gpt-bench', ...extra, messages: [{ role: 'user', content }] }),
  );
const cases = [
  {
    name: 'small request',
    per: 'request',
    count: 2000,
    concurrency: 10,
    body: question('Hello'),
    mark: 'Hello there',
    aim: 1,
  },
  {
    name: '1 MB of text',
    per: 'request',
    count: 100,
    concurrency: 4,
    body: question(text),
    mark: 'Hello there',
    aim: 2,
  },
  {
    name: '1 MB image',
    per: 'request',
    count: 100,
    concurrency: 4,
    body: question([{ type: 'image_url', image_url: { url: image } }]),
    mark: 'Hello there',
    aim: 1.5,
  },
  {
    name: 'stream of 100 chunks',
    per: 'chunk',
    count: 100,
    parts: 100,
    concurrency: 20,
    body: question('Hello', { stream: true }),
    mark: '[DONE]',
    aim: 1.15,
  },
  {
    name: 'small request, Chat to Anthropic',
    per: 'request',
    count: 2000,
    concurrency: 10,
    body: Buffer.from(question('Hello').toString().replace('gpt-bench', 'claude-bench')),
    mark: 'Hello there',
    aim: 1.5,
  },
  {
    name: 'stream, Chat to Anthropic',
    per: 'chunk',
    count: 100,
    parts: 100,
    concurrency: 20,
    body: Buffer.from(
      question('Hello', { stream: true }).toString().replace('gpt-bench', 'claude-bench'),
    ),
    mark: '[DONE]',
    aim: 1.3,
  },
];

const children = [];
try {
  const upstream = await start(path.join(import.meta.dirname, 'upstream.mjs'), []);
  const configuration = writeConfiguration(upstream.url);
  const routerFile = path.join(root, 'packages', 'cli', 'dist', 'bin.js');
  const startRouter = () => start(routerFile, ['start', '--config', configuration], ROUTER_FLAGS);
  const startPipe = () => start(path.join(import.meta.dirname, 'pipe-proxy.mjs'), [upstream.url]);

  console.log(
    `Node ${process.versions.node}, ${os.cpus().length} cores, ${ROUNDS} rounds; the first round warms up and is not counted`,
  );
  const starts = await measureStarts(startPipe, startRouter);
  const pipe = await startPipe();
  const router = await startRouter();
  const idle = {
    pipe: await idleBytes(path.join(import.meta.dirname, 'pipe-proxy.mjs'), [upstream.url], []),
    router: await idleBytes(routerFile, ['start', '--config', configuration], ROUTER_FLAGS),
  };

  console.log(
    '\ncase                              per      pipe µs  router µs  ratio (min … max)     aim',
  );
  for (const one of cases.filter(({ name }) => name.startsWith(wanted))) {
    print(one, await measure(one, pipe, router));
  }
  console.log('\nstart-up                          pipe        router');
  console.log(
    `start to ready, ms                ${pad(median(starts.pipe.map(({ ms }) => ms)), 10)}  ${pad(median(starts.router.map(({ ms }) => ms)), 10)}  aim under 1000`,
  );
  console.log(
    `start to ready, CPU ms            ${pad(median(starts.pipe.map(({ cpuMs }) => cpuMs)), 10)}  ${pad(median(starts.router.map(({ cpuMs }) => cpuMs)), 10)}`,
  );
  console.log(
    `idle memory, MB (RSS)             ${pad(idle.pipe / 1e6, 10)}  ${pad(idle.router / 1e6, 10)}  aim under 85`,
  );
} finally {
  for (const child of children) child.kill('SIGKILL');
  fs.rmSync(folder, { recursive: true });
}

/** Starts a script in a process of its own; resolves when it has printed its address. */
function start(file, args, flags = []) {
  const began = performance.now();
  const child = fork(file, args, {
    execArgv: [...flags, '--import', path.join(import.meta.dirname, 'usage-probe.mjs')],
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    let printed = '';
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}: ${printed}`)));
    child.stdout.on('data', (piece) => {
      printed += piece;
      const url = /http:\/\/127\.0\.0\.1:\d+/u.exec(printed)?.[0];
      if (url) resolve({ child, url, readyMs: performance.now() - began });
    });
  });
}

function usage({ child }) {
  return new Promise((resolve) => {
    child.once('message', resolve);
    child.send('usage');
  });
}

/** Memory of a process as a user runs it, without our probe, three seconds after its start. */
async function idleBytes(file, args, flags) {
  const child = spawn(process.execPath, [...flags, file, ...args], { stdio: 'ignore' });
  children.push(child);
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const { stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(child.pid)], { encoding: 'utf8' });
  child.kill('SIGKILL');
  return Number(stdout) * 1024;
}

async function measureStarts(startPipe, startRouter) {
  const starts = { pipe: [], router: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, begin] of [
      ['pipe', startPipe],
      ['router', startRouter],
    ]) {
      const process_ = await begin();
      const { cpuUs } = await usage(process_);
      if (round > 0) starts[name].push({ ms: process_.readyMs, cpuMs: cpuUs / 1000 });
      process_.child.removeAllListeners('exit');
      process_.child.kill('SIGKILL');
    }
  }
  return starts;
}

async function measure({ count, concurrency, parts = 1, body, mark }, pipe, router) {
  const requests = quick ? Math.max(concurrency, count / 10) : count;
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const cost = {};
    for (const [name, { url, child }] of Object.entries({ pipe, router })) {
      // The pipe forwards paths as they are, and upstream serves both vendors' paths.
      const claude = name === 'pipe' && body.includes('claude-bench');
      const target = {
        url,
        path: claude ? '/v1/messages' : '/v1/chat/completions',
        headers: { authorization: `Bearer ${KEY}` },
        body,
        mark: claude && mark === '[DONE]' ? 'message_stop' : mark,
      };
      const before = await usage({ child });
      await load(target, requests, concurrency);
      cost[name] = ((await usage({ child })).cpuUs - before.cpuUs) / requests / parts;
    }
    if (round > 0) rounds.push({ ...cost, ratio: cost.router / cost.pipe });
  }
  return rounds;
}

function print({ name, per, aim }, rounds) {
  const ratios = rounds.map(({ ratio }) => ratio);
  const range = `${Math.min(...ratios).toFixed(2)} … ${Math.max(...ratios).toFixed(2)}`;
  console.log(
    `${name.padEnd(33)} ${per.padEnd(8)} ${pad(median(rounds.map(({ pipe }) => pipe)), 7)}  ${pad(median(rounds.map(({ router }) => router)), 9)}  ${median(ratios).toFixed(2)} (${range})`.padEnd(
      88,
    ) + `${aim.toFixed(2)}`,
  );
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function pad(value, width) {
  return value.toFixed(value < 100 ? 1 : 0).padStart(width);
}

function writeConfiguration(upstream) {
  const file = path.join(folder, 'config.yaml');
  const plugins = {
    'llmux-chatgpt': { config: { baseUrl: `${upstream}/v1`, apiKeys: ['sk-bench-0123456789'] } },
    'llmux-claude': { config: { baseUrl: upstream, apiKeys: ['sk-ant-bench-0123456789'] } },
    other: { package: '@cliproxy/plugin-openai-compatible', config: { baseUrl: `${upstream}/v1` } },
    echo: {},
  };
  const server = {
    port: 0,
    apiKeys: [KEY],
    adminKeys: ['bench-admin-key-0123456789'],
    headersTimeoutMs: 60_000,
    requestTimeoutMs: 60_000,
  };
  fs.writeFileSync(file, JSON.stringify({ server, plugins }), { mode: 0o600 });
  return file;
}
