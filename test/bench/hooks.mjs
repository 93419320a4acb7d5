// What hooks cost: nothing where none applies, and a translation where one needs bodies and events.
import fs from 'node:fs';
import path from 'node:path';
import { cases } from './cases.mjs';
import { load } from './load.mjs';
import { cpuUs, end, routerProgram, start } from './processes.mjs';
import { median, spread } from './table.mjs';

const CLIENT_KEY = 'bench-client-key-0123456789';

/** The routers that are compared: what each has beside the first. */
const routers = {
  none: {},
  elsewhere: { redact: { config: { models: ['no-such-model'] } } },
  redact: { redact: { config: {} } },
};

/**
 * @param upstream - address of the vendors' stand-in
 * @param folder - for the routers' configurations
 * @param rounds - how many, and how many before them that warm up
 */
export async function measureHooks({ root, upstream, folder, rounds, warmRounds }) {
  const running = {};
  try {
    for (const [name, plugins] of Object.entries(routers)) {
      running[name] = await start(routerProgram(root, configure(upstream, folder, name, plugins)));
    }
    const measured = [];
    for (const name of ['small request', 'stream']) {
      const one = cases.find((found) => found.name === name);
      measured.push(await measureCase({ one, running, rounds, warmRounds }));
    }
    return measured;
  } finally {
    Object.values(running).forEach(end);
  }
}

async function measureCase({ one, running, rounds, warmRounds }) {
  const { name, per, count, parts, concurrency } = one;
  const costs = [];
  for (let round = 0; round < warmRounds + rounds; round += 1) {
    const cost = {};
    for (const [router, process_] of Object.entries(running)) {
      const { path: at, body, mark } = one.router;
      const headers = { authorization: `Bearer ${CLIENT_KEY}` };
      const before = await cpuUs(process_);
      await load({ url: process_.url, path: at, body, mark, headers }, count, concurrency);
      cost[router] = ((await cpuUs(process_)) - before) / count / parts;
    }
    if (round >= warmRounds) costs.push(cost);
  }
  return {
    name,
    per,
    noneUs: median(costs.map(({ none }) => none)),
    redactUs: median(costs.map(({ redact }) => redact)),
    elsewhereRatio: spread(costs.map(({ elsewhere, none }) => elsewhere / none)),
    redactRatio: spread(costs.map(({ redact, none }) => redact / none)),
  };
}

function configure(upstream, folder, name, hooks) {
  const file = path.join(folder, name, 'config.yaml');
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const plugins = {
    'llmux-chatgpt': { config: { baseUrl: `${upstream}/v1`, apiKeys: ['sk-bench-0123456789'] } },
    ...hooks,
  };
  const server = { port: 0, apiKeys: [CLIENT_KEY], adminKeys: ['bench-admin-key-0123456789'] };
  fs.writeFileSync(file, JSON.stringify({ server, plugins }), { mode: 0o600 });
  return file;
}
