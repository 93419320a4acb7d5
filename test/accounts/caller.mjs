// One of several processes that use the same account: for each round it is told of, its callers send
// a request each, have the login renewed where it was refused, and send it once more.
import { openAccounts } from './open-accounts.mjs';

const [folder, vendorUrl, callers] = process.argv.slice(2);
const accounts = await openAccounts(folder, vendorUrl);
const [account] = accounts.list();
const { signal } = new AbortController();

async function ask() {
  const reply = await account.http.request(
    { method: 'POST', url: `${vendorUrl}/ask`, headers: {} },
    signal,
  );
  reply.body.resume();
  return reply.status;
}

async function call() {
  const { generation } = account;
  const status = await ask();
  if (status !== 401) return status;
  return (await account.refresh(generation)) ? ask() : 401;
}

process.on('message', async () => {
  const statuses = await Promise.all(Array.from({ length: Number(callers) }, call));
  process.send({ served: statuses.filter((status) => status === 200).length });
});
process.on('disconnect', () => process.exit(0));
process.send('ready');
