import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A vendor that people log in at; the plugin in `sign-in` speaks with it. */
export interface Vendor {
  readonly url: string;
  /** Who logs in next. */
  person: string;
  /** Everything that it gave out, and nobody but the gateway is to see. */
  readonly secrets: string[];
  /** People whose logins were ended. */
  readonly revoked: string[];
  /** A token as people copy it from its pages. */
  copyToken(): string;
  /** The person enters the device code. */
  approveDevice(): void;
  close(): Promise<void>;
}

export async function startVendor(): Promise<Vendor> {
  const grants = new Map<string, string>();
  const access = new Map<string, string>();
  let approved = false;
  const issue = (kind: string): string => {
    const value = `${kind}-canary-${randomBytes(9).toString('hex')}`;
    vendor.secrets.push(value);
    return value;
  };
  const grant = (kind: string): string => {
    const value = issue(kind);
    grants.set(value, vendor.person);
    return value;
  };
  /** One answer: 200 with a value, else with the error. */
  const answers: Readonly<Record<string, (query: URLSearchParams) => object>> = {
    '/device': () => ({ device: grant('device'), code: 'WXYZ-1234' }),
    '/token': (query) => {
      const given = query.get('code') ?? query.get('token') ?? query.get('device') ?? '';
      if (query.has('device') && !approved) return { error: 'pending' };
      const who = grants.get(given);
      if (who === undefined) return { error: 'no such grant' };
      grants.delete(given);
      approved = false;
      const token = issue('access');
      access.set(token, who);
      return { who, access: token };
    },
    '/revoke': (query) => {
      vendor.revoked.push(access.get(query.get('access') ?? '') ?? 'nobody');
      return {};
    },
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://vendor');
    request.resume();
    if (url.pathname === '/authorize') {
      const back = new URL(url.searchParams.get('redirect') ?? '');
      back.searchParams.set('code', grant('code'));
      back.searchParams.set('state', url.searchParams.get('state') ?? '');
      response.writeHead(302, { location: back.href }).end();
      return;
    }
    const who = access.get(request.headers.authorization?.slice('Bearer '.length) ?? '');
    const chat = { choices: [{ message: { role: 'assistant', content: `hello, ${who}` } }] };
    const body =
      url.pathname === '/chat'
        ? who === undefined
          ? { error: 'not logged in' }
          : { id: 'c', object: 'chat.completion', model: 'signed-1', ...chat }
        : (answers[url.pathname]?.(url.searchParams) ?? { error: 'no such page' });
    response.writeHead('error' in body ? 401 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const vendor: Vendor = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    person: 'ada',
    secrets: [],
    revoked: [],
    copyToken: () => grant('token'),
    approveDevice: () => (approved = true),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return vendor;
}
