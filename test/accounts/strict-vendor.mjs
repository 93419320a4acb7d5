// A vendor that takes each refresh token once: a second use ends the login for good, as RFC 9700
// has it. Access tokens are good until they are expired from outside.
import { createServer } from 'node:http';

export async function startVendor() {
  const counts = { tokenRequests: 0, apiCalls: 0, reuses: 0 };
  let current = 'refresh-0';
  let isOver = false;
  let access = 'access-0';
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://vendor');
    const answer = (status, value) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    request.resume();
    request.on('end', () => {
      if (url.pathname !== '/token') {
        counts.apiCalls += 1;
        const isGood = request.headers.authorization === `Bearer ${access}`;
        answer(isGood ? 200 : 401, {});
        return;
      }
      counts.tokenRequests += 1;
      if (isOver || url.searchParams.get('refresh') !== current) {
        counts.reuses += 1;
        isOver = true;
        answer(400, { error: 'invalid_grant' });
        return;
      }
      current = `refresh-${counts.tokenRequests}`;
      access = `access-${counts.tokenRequests}`;
      answer(200, { refresh: current, access, lifeS: 3600 });
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    counts,
    isOver: () => isOver,
    expire: () => {
      access = 'none';
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
