// Kills programs that write accounts, at random points, and looks at what is left each time.
// usage: node test/vault/kill.mjs [--kills 500]
import { spawn } from 'node:child_process';
import fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const ACCOUNTS = 3;
const LONGEST_LIFE_MS = 120;
const WRITER = path.join(import.meta.dirname, 'writer.mjs');

const { values } = parseArgs({ options: { kills: { type: 'string', default: '500' } } });
const kills = Number(values.kills);
createRequire(import.meta.url)('../../bin/prepare.cjs').prepare();
const { open, writtenAs } = await import('./open.mjs');

const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'cliproxy-kill-'));
/** Per account, the generation that was told last, by whichever writer. */
const told = new Map();
const sum = { kills: 0, writes: 0, unreadable: 0, lost: 0, atWork: 0, leftBehind: 0 };
const begunMs = performance.now();
// The next one starts while the last one is looked at: starting is what takes the time.
let next = start();
try {
  while (sum.kills < kills) {
    const writer = next;
    await writer.ready;
    writer.child.stdin.write('go\n');
    await sleep(Math.random() * LONGEST_LIFE_MS);
    writer.child.kill('SIGKILL');
    await writer.ended;
    sum.kills += 1;
    next = start();
    await look();
  }
} finally {
  next.child.kill('SIGKILL');
  await next.ended;
  await fs.rm(folder, { recursive: true });
}
const seconds = Math.round((performance.now() - begunMs) / 1000);
const { writes, unreadable, lost, atWork, leftBehind } = sum;
console.log(
  `${sum.kills} kills in ${seconds} s, ${atWork} within a write: ${writes} writes acknowledged, ` +
    `${unreadable} unreadable, ${lost} lost, ${leftBehind} temporary files left behind`,
);
process.exitCode = unreadable + lost + leftBehind > 0 || writes === 0 ? 1 : 0;

function start() {
  const child = spawn(process.execPath, [WRITER, folder, String(ACCOUNTS)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // Killed with the word still on its way.
  child.stdin.on('error', () => undefined);
  const ended = new Promise((resolve) => child.once('close', resolve));
  const ready = new Promise((resolve) => {
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (piece) => {
      const lines = (rest + piece).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        const [word, id, generation] = line.split(' ');
        if (word === 'ready') resolve();
        else if (word === 'wrote') {
          told.set(id, Number(generation));
          sum.writes += 1;
        } else problem(line);
      }
    });
  });
  return { child, ended, ready };
}

/** Opens what the killed writer left, and compares it with what it had told. */
async function look() {
  const temporary = async () =>
    (await fs.readdir(`${folder}/accounts`)).filter((name) => name.endsWith('.tmp')).length;
  // Killed before there was a folder.
  if ((await fs.stat(`${folder}/accounts`).catch(() => undefined)) === undefined) return;
  if ((await temporary()) > 0) sum.atWork += 1;
  const errors = [];
  const vault = await open(folder, errors);
  for (const line of errors) problem(line);
  sum.leftBehind += await temporary();
  for (const [id, generation] of told) {
    const found = await vault.get(id);
    if (found === undefined) problem(`${id} is gone`);
    else if (writtenAs(found) !== found.generation) problem(`${id} is not what was written`);
    else if (found.generation < generation) {
      sum.lost += 1;
      console.error(`${id} is at generation ${found.generation}, not ${generation}`);
    }
  }
}

function problem(what) {
  sum.unreadable += 1;
  console.error(what);
}
