// Shows that no login is lost and none is renewed twice, however many processes use it at once.
//
//   node test/accounts/renewals.mjs [--processes 5] [--callers 3] [--rounds 50]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { credentialOf, openAccounts } from './open-accounts.mjs';
import { startVendor } from './strict-vendor.mjs';

const { values } = parseArgs({
  options: {
    processes: { type: 'string', default: '5' },
    callers: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '50' },
  },
});
const [processes, callers, rounds] = [values.processes, values.callers, values.rounds].map(Number);
const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'cliproxy-renewals-'));
const vendor = await startVendor();
const children = [];
try {
  const accounts = await openAccounts(folder, vendor.url);
  const first = { refresh: 'refresh-0', access: 'access-0', lifeS: 3600 };
  await accounts.keep({
    key: 'me',
    label: 'm***',
    authenticator: 'sign-in',
    credential: credentialOf(first),
  });
  const caller = path.join(import.meta.dirname, 'caller.mjs');
  for (let count = 0; count < processes; count += 1) {
    children.push(fork(caller, [folder, vendor.url, String(callers)]));
  }
  await Promise.all(children.map((child) => once(child, 'message')));
  let served = 0;
  let single = 0;
  for (let round = 0; round < rounds; round += 1) {
    const before = vendor.counts.tokenRequests;
    vendor.expire();
    const told = await Promise.all(
      children.map((child) => {
        child.send('round');
        return once(child, 'message');
      }),
    );
    served += told.reduce((sum, [message]) => sum + message.served, 0);
    if (vendor.counts.tokenRequests === before + 1) single += 1;
  }
  const wanted = rounds * processes * callers;
  const lost = vendor.isOver() ? 1 : 0;
  console.log(
    `${processes} processes, ${callers} callers each, ${rounds} rounds: ${served} of ${wanted} requests served, ` +
      `${single} of ${rounds} rounds with one renewal, ${vendor.counts.reuses} tokens used twice, ${lost} logins lost`,
  );
  process.exitCode = served === wanted && single === rounds && lost === 0 ? 0 : 1;
} finally {
  for (const child of children) child.kill();
  vendor.close();
  await fs.rm(folder, { recursive: true });
}
process.exit();
