// Runs the agents that people use against models of other vendors, through a gateway: each answers with
// text, and each reads files with a tool of its own, one and then two at once, and sends what it found
// back. Prints a line for each run.
// Arguments are parts of names: `npm run agents -- codex`.
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { agents } from './agents.mjs';
import { installAgents, versionOf } from './install.mjs';
import { runAgent, startGateway, startWall } from './stage.mjs';

createRequire(import.meta.url)('../../bin/prepare.cjs').prepare();
// Built only now.
const { startVendor } = await import('@cliproxy/plugin-testkit');

/** Agents that run side by side. */
const AT_ONCE = 2;
const KEY = 'agents-client-key-0123456789';

/** The vendors, each by one model. `reasons`: it thinks, whether asked to or not. */
const vendors = [
  {
    dialect: 'anthropic-messages',
    model: 'claude-sonnet-4-5',
    reasons: true,
    mount: (baseUrl, apiKey) => ({ 'llmux-claude': { config: { baseUrl, apiKeys: [apiKey] } } }),
  },
  {
    dialect: 'openai-responses',
    // By no other API than this.
    model: 'gpt-5-codex',
    reasons: true,
    mount: (baseUrl, apiKey) => ({ 'llmux-chatgpt': { config: { baseUrl, apiKeys: [apiKey] } } }),
  },
  {
    dialect: 'openai-chat',
    model: 'kimi-k2',
    mount: (baseUrl, apiKey) => ({
      local: {
        package: '@cliproxy/plugin-openai-compatible',
        config: { baseUrl, apiKeys: [apiKey], discover: false, models: [{ id: 'kimi-k2' }] },
      },
    }),
  },
  {
    dialect: 'gemini',
    model: 'gemini-3-pro-preview',
    reasons: true,
    mount: (baseUrl, apiKey) => ({ gemini: { config: { baseUrl, apiKeys: [apiKey] } } }),
  },
];

const begunMs = performance.now();
const packages = await installed();
const cases = packages === undefined ? [] : agents.flatMap((agent) => casesOf(agent));
if (packages !== undefined && cases.length === 0) throw new Error('no agent has such a name');
const results = [];
await Promise.all(Array.from({ length: AT_ONCE }, work));
const failed = results.filter((faults) => faults.length > 0).length;
const seconds = Math.round((performance.now() - begunMs) / 1000);
console.log(`${results.length - failed} passed, ${failed} failed in ${seconds} s`);
process.exitCode = failed === 0 ? 0 : 1;

/** Each vendor but the agent's own; the plain text, which the others end with as well, only once. */
function casesOf(agent) {
  const version = versionOf(packages, agent.package);
  if (version === undefined) {
    console.log(`SKIPPED ${agent.name}: ${agent.package} is not made for this machine`);
    return [];
  }
  const foreign = vendors.filter(({ dialect }) => dialect !== agent.dialect);
  return [
    { vendor: foreign[0], kind: 'text' },
    ...foreign.map((vendor) => ({ vendor, kind: 'tools' })),
  ]
    .map((one) => ({
      agent,
      ...one,
      name: `${agent.name} ${version} · ${one.vendor.model} (${one.vendor.dialect}) · ${one.kind}`,
    }))
    .filter(({ name }) => isWanted(name));
}

async function work() {
  for (let one = cases.shift(); one !== undefined; one = cases.shift()) {
    const { faults, asked, ignored } = await play(one).catch(({ message }) => ({
      faults: [message],
      asked: [],
      ignored: [],
    }));
    results.push(faults);
    const lines = [
      `${faults.length === 0 ? 'ok    ' : 'FAILED'} ${one.name}`,
      ...(ignored.length === 0 ? [] : [`no place for ${ignored.join(', ')}`]),
      ...(asked.length === 0 ? [] : [`kept from reaching ${asked.join(', ')}`]),
      ...faults,
    ];
    console.log(lines.join('\n').replaceAll('\n', '\n         '));
  }
}

/**
 * One run of an agent. @returns what is wrong, in words; whom it wanted to reach; and what of its
 * requests the gateway could not say to the vendor.
 */
async function play({ agent, vendor: { dialect, model, reasons, mount }, kind }) {
  const apiKey = `vendor-key-${randomBytes(8).toString('hex')}`;
  const vendor = await startVendor(dialect, { apiKey, models: [model], secrets: [KEY] });
  const gateway = await startGateway(
    { plugins: { ...mount(vendor.url, apiKey), echo: { config: { paceMs: 0 } } } },
    KEY,
  );
  const wall = await startWall();
  // What only the files say, and what only the model says.
  const notes = ['first', 'second', 'third'].map((name) => ({ name, found: word() }));
  const said = `The answer is ${word()}, Grüße 🙂.`;
  const text = { parts: [{ type: 'text', text: said, pieces: 5 }] };
  try {
    const run = await runAgent(agent, {
      packages,
      url: gateway.url,
      key: KEY,
      model,
      prompt: kind === 'text' ? 'Say the answer.' : 'Read the notes and say what they tell.',
      wall: wall.url,
      fill(work) {
        const calls = notes.map(({ name, found }) => {
          const file = path.join(work, `${name}.txt`);
          fs.writeFileSync(file, `the secret word is ${found}\n`);
          return { type: 'tool-call', ...agent.reads(file), pieces: 3 };
        });
        const thought = reasons ? [{ type: 'reasoning', text: 'I have to look.' }] : [];
        const [one, ...two] = calls;
        const steps = [{ parts: [...thought, one] }, { parts: [...thought, ...two] }];
        vendor.script(...(kind === 'text' ? [text] : [...steps, text]));
      },
    });
    // Its log is complete only then.
    await gateway.stop();
    const posts = vendor.requests.filter(({ method }) => method === 'POST');
    const faults = [
      ...(run.limited ? ['it did not come to an end'] : []),
      ...(run.code === 0 ? [] : [`it ended with ${run.code}`]),
      ...(run.stdout.includes(said) ? [] : [`it does not say what the model said: ${run.stdout}`]),
      ...vendor.violations.map((violation) => `the vendor refused a request: ${violation}`),
      ...(posts.some(({ aborted }) => aborted) ? ['a request was given up'] : []),
    ];
    if (kind === 'tools') {
      const last = JSON.stringify(posts.at(-1)?.body);
      for (const { name, found } of notes.filter((note) => !last.includes(note.found))) {
        faults.push(`what the ${name} note says (${found}) did not come back to the model`);
      }
    }
    if (faults.length > 0)
      faults.push(...tail('stderr', run.stderr), ...tail('gateway', gateway.log()));
    return { faults, asked: [...wall.asked], ignored: ignoredIn(gateway.log()) };
  } finally {
    wall.close();
    await gateway.stop();
    await vendor.close();
  }
}

function word() {
  return randomBytes(8).toString('hex');
}

function ignoredIn(log) {
  const lines = log.split('\n').filter((line) => line.startsWith('{'));
  return [...new Set(lines.flatMap((line) => JSON.parse(line).ignored ?? []))].sort();
}

function tail(name, text) {
  const lines = text.trim().split('\n').slice(-12);
  return lines.join('') === '' ? [] : [`${name}: ${lines.join('\n').slice(-2000)}`];
}

async function installed() {
  if (process.platform === 'win32') {
    console.log('SKIPPED: the agents are run on Linux and macOS only');
    return undefined;
  }
  try {
    return await installAgents();
  } catch (error) {
    console.log(`SKIPPED: the agents can't be installed: ${error.stderr || error.message}`);
    return undefined;
  }
}

function isWanted(name) {
  const parts = process.argv.slice(2);
  return parts.every((part) => name.toLowerCase().includes(part.toLowerCase()));
}
