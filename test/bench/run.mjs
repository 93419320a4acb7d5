// What the router costs beside a bare node:http pipe proxy. All are measured in turn, in many short
// rounds of one run, so that the ratios hold on a noisy machine.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { cases, relayed } from './cases.mjs';
import { measureHooks } from './hooks.mjs';
import { measureIsolation } from './isolation.mjs';
import { load } from './load.mjs';
import { measureLogins } from './logins.mjs';
import {
  cpuUs,
  end,
  endAll,
  idleBytes,
  pipeProgram,
  relayPageProgram,
  routerProgram,
  start,
  upstreamProgram,
} from './processes.mjs';
import {
  median,
  printCase,
  printFirstText,
  printHead,
  printHooks,
  printIsolation,
  printLogins,
  printRelay,
  printStart,
  spread,
} from './table.mjs';

const HELP = `npm run bench -- [options] [CASE ...]

CPU per request and per chunk of a stream, time to first text, start-up and idle memory of the
router, beside a bare node:http pipe proxy in the same rounds.

  CASE         only the cases whose names begin so; "start" stands for start-up and memory,
               "relay" for time to first text through a relay page,
               "logins" for the time to first text by accounts that are logged in,
               "hooks" for what hooks of plugins cost, beside none,
               "isolation" for instances in a process of their own, beside the same in the router's
  --quick      few rounds, to see that it runs
  --base DIR   also measures the router built in another checkout, round by round
  --json       one JSON document instead of the table
  --help       this
`;
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    base: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}

/** The first rounds warm up and are not counted. */
const [WARM_ROUNDS, ROUNDS] = options.quick ? [1, 2] : [4, 15];
const START_ROUNDS = options.quick ? 1 : 5;
const FIRST_TEXT_COUNT = options.quick ? 5 : 40;
const RELAY_TOKEN = 'bench-relay-token-0123456789';
const KEY = 'bench-client-key-0123456789';
const root = path.join(import.meta.dirname, '..', '..');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cliproxy-bench-'));
const wants = (name) =>
  positionals.length === 0 || positionals.some((text) => name.startsWith(text));
const say = options.json ? () => undefined : (print) => print();

createRequire(import.meta.url)('../../bin/prepare.cjs').prepare();
try {
  const result = await measureAll();
  if (options.json) console.log(JSON.stringify(result, undefined, 2));
} finally {
  endAll();
  fs.rmSync(folder, { recursive: true });
}

async function measureAll() {
  const machine = { node: process.versions.node, cores: os.cpus().length, rounds: ROUNDS };
  say(() => console.log(`Node ${machine.node}, ${machine.cores} cores, ${ROUNDS} rounds`));
  const upstream = await start(upstreamProgram());
  const configuration = writeConfiguration(upstream.url, 'router');
  const programs = {
    pipe: pipeProgram(upstream.url),
    router: routerProgram(root, configuration),
    ...(options.base && {
      base: routerProgram(path.resolve(options.base), writeConfiguration(upstream.url, 'base')),
    }),
  };
  const chosen = cases.filter(({ name }) => wants(name));
  const result = { machine, cases: [] };
  if (chosen.length > 0) {
    const proxies = {};
    for (const [name, program] of Object.entries(programs)) proxies[name] = await start(program);
    say(() => printHead(options));
    for (const one of chosen) {
      const measured = await measureCase(one, proxies);
      say(() => printCase(measured));
      result.cases.push(measured);
    }
    result.firstText = await measureFirstText(proxies);
    say(() => printFirstText(result.firstText));
    Object.values(proxies).forEach(end);
  }
  if (wants('relay')) {
    result.relay = await measureRelay(programs);
    say(() => printRelay(result.relay));
  }
  if (wants('logins')) {
    result.logins = await measureLogins({
      root,
      upstream: upstream.url,
      folder: path.join(folder, 'logins'),
      count: FIRST_TEXT_COUNT,
    });
    say(() => printLogins(result.logins));
    if (result.logins.some(({ addedMs, ceilingMs }) => addedMs > ceilingMs)) process.exitCode = 1;
  }
  if (wants('hooks')) {
    result.hooks = await measureHooks({
      root,
      upstream: upstream.url,
      folder: path.join(folder, 'hooks'),
      rounds: ROUNDS,
      warmRounds: WARM_ROUNDS,
    });
    say(() => printHooks(result.hooks));
  }
  if (wants('isolation')) {
    result.isolation = await measureIsolation({
      root,
      upstream: upstream.url,
      folder: path.join(folder, 'isolation'),
      rounds: ROUNDS,
      warmRounds: WARM_ROUNDS,
      count: FIRST_TEXT_COUNT,
    });
    say(() => printIsolation(result.isolation));
  }
  if (wants('start')) {
    result.start = await measureStart(programs);
    say(() => printStart(result.start));
  }
  return result;
}

async function measureCase(one, proxies) {
  const { name, per, aim, count, parts, concurrency } = one;
  const rounds = [];
  for (let round = 0; round < WARM_ROUNDS + ROUNDS; round += 1) {
    const cost = {};
    for (const [proxy, process_] of Object.entries(proxies)) {
      const before = await cpuUs(process_);
      await load(targetOf(one, proxy, process_), count, concurrency);
      cost[proxy] = ((await cpuUs(process_)) - before) / count / parts;
    }
    if (round >= WARM_ROUNDS) rounds.push(cost);
  }
  return {
    name,
    per,
    aim,
    pipeUs: median(rounds.map(({ pipe }) => pipe)),
    routerUs: median(rounds.map(({ router }) => router)),
    ratio: spread(rounds.map(({ router, pipe }) => router / pipe)),
    ...('base' in proxies && { toBase: spread(rounds.map(({ router, base }) => router / base)) }),
  };
}

/** One stream at a time: what a client waits for the router itself, not for its other clients. */
async function measureFirstText({ pipe, router }) {
  const one = cases.find(({ per }) => per === 'chunk');
  const times = { pipe: [], router: [] };
  for (let count = 0; count < FIRST_TEXT_COUNT; count += 1) {
    times.pipe.push(...(await load(targetOf(one, 'pipe', pipe), 1, 1)));
    times.router.push(...(await load(targetOf(one, 'router', router), 1, 1)));
  }
  const [pipeMs, routerMs] = [median(times.pipe), median(times.router)];
  return { pipeMs, routerMs, addedMs: routerMs - pipeMs };
}

/** Through a relay page in a process of its own, one stream at a time. */
async function measureRelay(programs) {
  const [pipe, router] = [await start(programs.pipe), await start(programs.router)];
  const page = await start(relayPageProgram(router.url, RELAY_TOKEN));
  const times = { pipe: [], router: [] };
  // The page has been taken, and is an account a moment later.
  while (!(await load(targetOf(relayed, 'router', router), 1, 1).catch(() => undefined)));
  for (let count = 0; count < FIRST_TEXT_COUNT; count += 1) {
    times.pipe.push(...(await load(targetOf(relayed, 'pipe', pipe), 1, 1)));
    times.router.push(...(await load(targetOf(relayed, 'router', router), 1, 1)));
  }
  [page, router, pipe].forEach(end);
  const [pipeMs, routerMs] = [median(times.pipe), median(times.router)];
  return { pipeMs, routerMs, addedMs: routerMs - pipeMs };
}

async function measureStart({ pipe, router }) {
  const found = { readyMs: {}, cpuMs: {}, idleMb: {} };
  const rounds = { pipe: [], router: [] };
  for (let round = 0; round <= START_ROUNDS; round += 1) {
    for (const [name, program] of Object.entries({ pipe, router })) {
      const process_ = await start(program);
      const cpuMs = (await cpuUs(process_)) / 1000;
      end(process_);
      if (round > 0) rounds[name].push({ readyMs: process_.readyMs, cpuMs });
    }
  }
  for (const [name, program] of Object.entries({ pipe, router })) {
    found.readyMs[name] = median(rounds[name].map(({ readyMs }) => readyMs));
    found.cpuMs[name] = median(rounds[name].map(({ cpuMs }) => cpuMs));
    found.idleMb[name] = (await idleBytes(program)) / 1e6;
  }
  return found;
}

function targetOf(one, proxy, { url }) {
  const { path: at, body, mark } = proxy === 'pipe' ? one.pipe : one.router;
  return { url, path: at, body, mark, headers: { authorization: `Bearer ${KEY}` } };
}

/** Each gateway has a folder of its own, where it keeps its accounts. */
function writeConfiguration(upstream, name) {
  const file = path.join(folder, name, 'config.yaml');
  fs.mkdirSync(path.dirname(file));
  const plugins = {
    'llmux-chatgpt': { config: { baseUrl: `${upstream}/v1`, apiKeys: ['sk-bench-0123456789'] } },
    'llmux-claude': { config: { baseUrl: upstream, apiKeys: ['sk-ant-bench-0123456789'] } },
    gemini: { config: { baseUrl: upstream, apiKeys: ['gemini-bench-0123456789'] } },
    other: { package: '@cliproxy/plugin-openai-compatible', config: { baseUrl: `${upstream}/v1` } },
    'aistudio-relay': {
      required: false,
      config: { baseUrl: upstream, relayTokens: [RELAY_TOKEN] },
    },
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
