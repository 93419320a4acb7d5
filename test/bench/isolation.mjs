// What an instance costs in a process of its own, beside the same one in the gateway's: in the gateway,
// in the process, and for whoever waits.
import fs from 'node:fs';
import path from 'node:path';
import { CHUNKS } from './cases.mjs';
import { load } from './load.mjs';
import { cpuUs, end, routerProgram, start } from './processes.mjs';
import { median, spread } from './table.mjs';

const CLIENT_KEY = 'bench-client-key-0123456789';
const WORDS = Array.from({ length: CHUNKS }, (_, n) => `word${n}`).join(' ');

/** Each is asked of `NAME` and of `NAME-isolated`. */
const cases = [
  { name: 'small request, bytes', per: 'request', model: 'compatible/gpt-4-bench', count: 400 },
  { name: 'small request, events', per: 'request', model: 'echo/echo', count: 400 },
  { name: 'stream, body left alone', per: 'chunk', model: 'compatible/gpt-4-bench', stream: true },
  { name: 'stream, body wrapped by the plugin', per: 'chunk', model: 'wraps/bench', stream: true },
  { name: 'stream, events', per: 'chunk', model: 'echo/echo', stream: true, words: WORDS },
];

/** A plugin that has every chunk pass through it. */
const WRAPS = `
import { PassThrough } from 'node:stream';
import { configSchema, definePlugin } from '@cliproxy/plugin-api';
const any = { type: 'object', additionalProperties: true, required: [], properties: {} };
export default definePlugin({
  config: configSchema(any),
  setup: ({ config }) => ({
    executor: {
      kind: 'wire',
      speaks: { 'openai-chat': ['generate'] },
      models: async () => [{ id: 'bench' }],
      async send({ http, path, headers, body, signal }) {
        const reply = await http.request({ method: 'POST', url: config.baseUrl + path, headers, body }, signal);
        return { ...reply, body: reply.body.pipe(new PassThrough()) };
      },
    },
  }),
});
`;

/**
 * @param upstream - address of the vendors' stand-in
 * @param folder - for the router's configuration and the plugin that wraps
 * @param rounds - how many, and how many before them that warm up
 */
export async function measureIsolation({ root, upstream, folder, rounds, warmRounds, count }) {
  const router = await start(routerProgram(root, configure({ root, upstream, folder })));
  try {
    const pids = await processesOf(router.url);
    const measured = [];
    for (const one of cases) {
      measured.push(await measureCase({ one, router, pids, rounds, warmRounds, count }));
    }
    return measured;
  } finally {
    end(router);
  }
}

async function measureCase({ one, router, pids, rounds, warmRounds, count }) {
  const [instance, model] = one.model.split('/');
  const { requests, parts, atOnce } =
    one.per === 'chunk'
      ? { requests: 20, parts: CHUNKS, atOnce: 20 }
      : { requests: one.count, parts: 1, atOnce: 10 };
  const pid = pids.get(`${instance}-isolated`);
  const target = (name) => targetOf(router.url, `${name}/${model}`, one);
  const costs = [];
  for (let round = 0; round < warmRounds + rounds; round += 1) {
    const cost = {};
    for (const name of [instance, `${instance}-isolated`]) {
      const isolated = name !== instance;
      const before = await cpuUs(router);
      const beforeOwn = processUs(pid);
      await load(target(name), requests, atOnce);
      cost[isolated ? 'gateway' : 'inProcess'] =
        ((await cpuUs(router)) - before) / requests / parts;
      if (isolated) cost.process = (processUs(pid) - beforeOwn) / requests / parts;
    }
    if (round >= warmRounds) costs.push(cost);
  }
  const times = { inProcess: [], isolated: [] };
  for (let n = 0; n < count; n += 1) {
    times.inProcess.push(...(await load(target(instance), 1, 1)));
    times.isolated.push(...(await load(target(`${instance}-isolated`), 1, 1)));
  }
  return {
    name: one.name,
    per: one.per,
    inProcessUs: median(costs.map(({ inProcess }) => inProcess)),
    gatewayUs: median(costs.map(({ gateway }) => gateway)),
    processUs: median(costs.map((cost) => cost.process)),
    gatewayRatio: spread(costs.map(({ gateway, inProcess }) => gateway / inProcess)),
    wholeRatio: spread(costs.map((cost) => (cost.gateway + cost.process) / cost.inProcess)),
    addedMs: median(times.isolated) - median(times.inProcess),
  };
}

function targetOf(url, model, { stream = false, words = 'Hello there' }) {
  const messages = [{ role: 'user', content: words }];
  return {
    url,
    path: '/v1/chat/completions',
    body: Buffer.from(JSON.stringify({ model, ...(stream && { stream }), messages })),
    mark: stream ? '[DONE]' : 'Hello there',
    headers: { authorization: `Bearer ${CLIENT_KEY}` },
  };
}

/** Processor time of all threads of a process since its start, in microseconds. */
function processUs(pid) {
  const tasks = `/proc/${pid}/task`;
  const ns = fs
    .readdirSync(tasks)
    .map((task) => Number(fs.readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]));
  return ns.reduce((sum, one) => sum + one, 0) / 1000;
}

/** Of each isolated instance, by its id. */
async function processesOf(url) {
  const headers = { authorization: `Bearer ${CLIENT_KEY}` };
  const { plugins } = await (await fetch(`${url}/v1/health`, { headers })).json();
  return new Map(plugins.map(({ instanceId, children }) => [instanceId, children?.[0]?.pid]));
}

function configure({ root, upstream, folder }) {
  const wraps = path.join(folder, 'wraps');
  fs.mkdirSync(folder, { mode: 0o700 });
  fs.mkdirSync(path.join(wraps, 'node_modules', '@cliproxy'), { recursive: true });
  const api = path.join(wraps, 'node_modules', '@cliproxy', 'plugin-api');
  fs.symlinkSync(path.join(root, 'packages', 'plugin-api'), api);
  const cliproxyPlugin = {
    manifestVersion: 1,
    id: 'wraps',
    apiVersion: '1.0',
    entry: './index.js',
    provides: { executor: true },
    permissions: { hosts: ['127.0.0.1'] },
  };
  const packageJson = { name: 'wraps', version: '1.0.0', type: 'module', cliproxyPlugin };
  fs.writeFileSync(path.join(wraps, 'package.json'), JSON.stringify(packageJson));
  fs.writeFileSync(path.join(wraps, 'index.js'), WRAPS);
  const config = { baseUrl: `${upstream}/v1` };
  const withKey = { ...config, apiKeys: ['sk-bench-0123456789'] };
  const instances = {
    compatible: { package: '@cliproxy/plugin-openai-compatible', config: withKey },
    echo: { package: '@cliproxy/plugin-echo', config: { paceMs: 1 } },
    wraps: { package: wraps, config },
  };
  const isolated = Object.entries(instances).map(([id, entry]) => [
    `${id}-isolated`,
    { ...entry, isolation: 'process' },
  ]);
  const configuration = {
    server: { port: 0, apiKeys: [CLIENT_KEY], adminKeys: ['bench-admin-key-0123456789'] },
    log: { level: 'warn' },
    data: { folder: path.join(folder, 'data') },
    plugins: { ...instances, ...Object.fromEntries(isolated) },
  };
  const file = path.join(folder, 'config.yaml');
  fs.writeFileSync(file, JSON.stringify(configuration), { mode: 0o600 });
  return file;
}
