// Rewrites accounts without end once it is told to; tells each write once it is done. Made to be
// killed.
// usage: node writer.mjs FOLDER ACCOUNTS
import { once } from 'node:events';
import fs from 'node:fs';
import { account, open } from './open.mjs';

const [folder, count] = process.argv.slice(2);
const tell = (line) => fs.writeSync(1, `${line}\n`);
const errors = [];
tell('ready');
await once(process.stdin, 'data');
process.stdin.destroy();
const vault = await open(folder, errors);
for (const line of errors) tell(`error ${line}`);

for (let turn = 0; ; turn++) {
  const id = `test/${turn % Number(count)}`;
  await vault.withLock(id, async () => {
    const generation = (await vault.get(id))?.generation ?? 0;
    // From less than a page to many of them.
    const bytes = 2 ** (6 + Math.floor(Math.random() * 12));
    await vault.put(account(id, generation + 1, bytes), generation);
    tell(`wrote ${id} ${generation + 1}`);
  });
}
