// Uses an account's lock in a process of its own, in one of three ways.
// usage: node lock-user.mjs FOLDER ID take CALLERS ROUNDS | hold | block MILLISECONDS
import fs from 'node:fs';
import { account, open } from './open.mjs';

const [folder, id, way, ...numbers] = process.argv.slice(2);
const tell = (line) => fs.writeSync(1, `${line}\n`);
const errors = [];
const vault = await open(folder, errors);
const inside = `${folder}/inside`;

const ways = {
  /** Callers at once; each takes the lock so many times, writes, and tells the generation. */
  async take(callers, rounds) {
    const caller = async () => {
      for (let round = 0; round < rounds; round++) {
        await vault.withLock(id, async () => {
          // Fails where somebody else is inside.
          fs.closeSync(fs.openSync(inside, 'wx'));
          const generation = (await vault.get(id))?.generation ?? 0;
          const { generation: next } = await vault.put(account(id, generation + 1), generation);
          fs.rmSync(inside);
          tell(`wrote ${next}`);
        });
      }
    };
    await Promise.all(Array.from({ length: callers }, caller));
  },
  /** Holds it until the process is killed. */
  async hold() {
    await vault.withLock(id, async () => {
      tell('held');
      await new Promise(() => setInterval(() => undefined, 1_000_000));
    });
  },
  /** Holds it and does nothing else, not even listen. */
  async block(milliseconds) {
    await vault.withLock(id, async () => {
      tell('held');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
      fs.writeFileSync(inside, 'was here to the end');
    });
  },
};
await ways[way](...numbers.map(Number));
if (errors.length > 0) throw new Error(errors.join('\n'));
