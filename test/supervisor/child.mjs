/**
 * A child process that does what it is told by its arguments: `ready` (by its channel), `serve PORT`,
 * `environ`, `echo` (what it is sent), `stubborn` (takes no SIGTERM), `exit CODE`, `flood`, `grow`,
 * `junk`, `oversize`, `family` (starts others: one in its group, one that has left it), `hang PORT`
 * (answers, then never again).
 */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';

const [, , ...tasks] = process.argv;
const held = [];
setInterval(() => undefined, 60_000);
process.on('disconnect', () => process.exit(0));

for (const [index, task] of tasks.entries()) {
  const value = tasks[index + 1];
  if (task === 'ready') process.send({ type: 'ready', pid: process.pid });
  if (task === 'serve')
    createServer((_, res) => res.end('well')).listen(Number(value), '127.0.0.1');
  if (task === 'environ') console.log(JSON.stringify(process.env));
  if (task === 'echo') process.on('message', (message) => process.send({ echo: message }));
  if (task === 'stubborn') process.on('SIGTERM', () => console.log('no'));
  if (task === 'exit') {
    console.error('something is missing');
    process.exit(Number(value));
  }
  if (task === 'flood') flood();
  if (task === 'grow') setInterval(() => held.push(Buffer.alloc(32 * 1024 * 1024, 1)), 200);
  if (task === 'junk') await junk();
  if (task === 'oversize') process.send({ text: 'x'.repeat(2 * 1024 * 1024) });
  if (task === 'family') family();
  if (task === 'hang') {
    let asked = 0;
    const answer = (_, res) => (asked++ === 0 ? res.end('well') : undefined);
    createServer(answer).listen(Number(value), '127.0.0.1');
  }
}

/** As fast as it is taken. */
function flood() {
  const line = Buffer.from(`${'flood '.repeat(40)}\n`.repeat(256));
  const more = () => {
    while (process.stderr.write(line));
    process.stderr.once('drain', more);
  };
  more();
}

/** Past Node, straight onto the channel. */
async function junk() {
  const { writeSync } = await import('node:fs');
  writeSync(3, '{ no json\n\n\0\xff\n{"cmd":"NODE_HANDLE","type":"net.Socket"}\n[1,2\n');
  process.send({ after: 'junk' });
}

function family() {
  const forever = ['-e', 'setInterval(() => undefined, 60_000)'];
  spawn(process.execPath, forever, { stdio: 'inherit' });
  spawn(process.execPath, forever, { stdio: 'ignore', detached: true }).unref();
}
