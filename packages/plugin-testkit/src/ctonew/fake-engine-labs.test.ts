import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { startCtonew } from './start-ctonew.ts';

test('clients that leave in the middle of a question leave no error uncaught', async () => {
  const ctonew = await startCtonew();
  const uncaught: unknown[] = [];
  const note = (reason: unknown): number => uncaught.push(reason);
  process.on('unhandledRejection', note);
  const { access_token: token } = ctonew.account.renew(ctonew.account.refreshToken) as {
    readonly access_token: string;
  };
  for (let n = 0; n < 20; n += 1) {
    const request = http.request(`${ctonew.apiUrl}/chat/completions`, {
      method: 'POST',
      agent: false,
      headers: { authorization: `Bearer ${token}`, 'content-length': '100000' },
    });
    request.on('error', () => undefined);
    request.write('{"model":"gpt-5"');
    await once(request, 'socket');
    await sleep(n);
    request.destroy();
  }
  await sleep(100);
  process.off('unhandledRejection', note);
  await ctonew.close();
  expect(uncaught).toEqual([]);
});
