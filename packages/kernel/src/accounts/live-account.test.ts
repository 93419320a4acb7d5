import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Readable } from 'node:stream';
import { GatewayError, secret } from '@cliproxy/plugin-api';
import type { Authenticator, Credential, OutgoingRequest } from '@cliproxy/plugin-api';
import { AllowedHosts } from '../http/allowed-hosts.ts';
import { HeldCredential } from './held-credential.ts';
import { LiveAccount } from './live-account.ts';

const { signal } = new AbortController();
const request: OutgoingRequest = { method: 'GET', url: 'https://api.example/v1', headers: {} };
const lines: string[] = [];
const secrets: string[] = [];
let nowMs = 1_000_000;

beforeEach(() => {
  lines.length = 0;
  secrets.length = 0;
  nowMs = 1_000_000;
});
afterEach(() => void jest.useRealTimers());

const credential = (token: string, expiresAtMs?: number): Credential => ({
  secrets: { refresh: secret(`r-${token}`) },
  session: { access: secret(token) },
  ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
});

const bearer: Authenticator['authorize'] = async (outgoing, held) => ({
  ...outgoing,
  headers: { ...outgoing.headers, authorization: `Bearer ${held.session?.access?.reveal() ?? ''}` },
});

function account(
  authenticator: Partial<Authenticator> = {},
  first = credential('one'),
): { live: LiveAccount; sent: OutgoingRequest[]; closed: () => number } {
  const sent: OutgoingRequest[] = [];
  let closed = 0;
  const log = (message: string): void => void lines.push(message);
  const live = new LiveAccount({
    instanceId: 'foo',
    account: { id: 'foo/a', authenticator: 'login', label: 'a***', facts: {} },
    source: 'logged-in',
    auth: {
      authenticator: { id: 'login', method: 'oauth', authorize: bearer, ...authenticator },
      credential: new HeldCredential(first, {
        add: (value) => void secrets.push(value),
        mask: (text) => text,
      }),
    },
    lane: {
      async request(outgoing) {
        sent.push(outgoing);
        return { status: 200, headers: {}, body: Readable.from([]) };
      },
      close: () => void (closed += 1),
      destroy: () => undefined,
    },
    hosts: new AllowedHosts({
      instanceId: 'foo',
      packageName: 'foo',
      hosts: ['api.example'],
      config: {},
    }),
    logger: { debug: log, info: log, warn: log, error: log },
    clock: { now: () => nowMs, monotonic: () => nowMs },
  });
  return { live, sent, closed: () => closed };
}

describe('authorizing', () => {
  test('each request gets the credential of now; its secrets are known', async () => {
    const { live, sent } = account({ refresh: async () => credential('two') });
    await live.http.request(request, signal);
    expect(await live.refresh(live.generation)).toBe(true);
    await live.http.request(request, signal);
    expect(sent.map((one) => one.headers.authorization)).toEqual(['Bearer one', 'Bearer two']);
    expect(secrets).toEqual(['r-one', 'one', 'r-two', 'two']);
    expect(live.generation).toBe(1);
    expect(JSON.stringify(live.account)).not.toContain('one');
  });

  test('junk from the authenticator is a fault that names it; nothing is sent', async () => {
    const faults: Partial<Authenticator>[] = [
      { authorize: () => Promise.reject(new TypeError('oops')) },
      {
        authorize: () => {
          throw new TypeError('at once');
        },
      },
      { authorize: async () => undefined as unknown as OutgoingRequest },
      { authorize: async () => ({ url: 'https://api.example/' }) as unknown as OutgoingRequest },
    ];
    for (const fault of faults) {
      const { live, sent } = account(fault);
      await expect(live.http.request(request, signal)).rejects.toMatchObject({
        code: 'PLUGIN_FAULT',
        message: expect.stringContaining('authenticator "login" of plugin "foo"'),
      });
      expect(sent).toEqual([]);
    }
  });

  test('its own errors and aborts pass as they are', async () => {
    const own = new GatewayError('AUTH_NEEDS_LOGIN', 'log in again');
    const refusing = account({ authorize: () => Promise.reject(own) });
    await expect(refusing.live.authorize(request, signal)).rejects.toBe(own);
    const controller = new AbortController();
    const reason = new Error('left');
    const slow = account({
      authorize: () => {
        controller.abort(reason);
        return Promise.reject(new Error('something else'));
      },
    });
    await expect(slow.live.authorize(request, controller.signal)).rejects.toBe(reason);
  });
});

describe('renewing', () => {
  test('callers at the same time share one renewal, and an old generation needs none', async () => {
    let renewals = 0;
    const { live } = account({
      refresh: async () => {
        renewals += 1;
        await new Promise((resolve) => setTimeout(resolve, 10));
        return credential(`n${renewals}`);
      },
    });
    const results = await Promise.all(Array.from({ length: 20 }, () => live.refresh(0)));
    expect(results).toEqual(Array.from({ length: 20 }, () => true));
    expect(renewals).toBe(1);
    expect(await live.refresh(0)).toBe(true);
    expect(renewals).toBe(1);
    expect(await live.refresh(1)).toBe(true);
    expect(renewals).toBe(2);
  });

  test('what fails leaves the credential as it was', async () => {
    const failures: Authenticator['refresh'][] = [
      () => Promise.reject(new Error('refused')),
      () => {
        throw new Error('at once');
      },
      async () => undefined as unknown as Credential,
      async () => ({ secrets: { token: 'plain text' } }) as unknown as Credential,
      async () => ({ ...credential('x'), expiresAtMs: Number.NaN }),
    ];
    for (const refresh of failures) {
      const { live, sent } = account(refresh === undefined ? {} : { refresh });
      expect(await live.refresh(0)).toBe(false);
      expect(live.generation).toBe(0);
      await live.http.request(request, signal);
      expect(sent[0]?.headers.authorization).toBe('Bearer one');
    }
    expect(lines).toHaveLength(failures.length);
  });

  test('what fails is told until a renewal succeeds', async () => {
    const fault = new GatewayError('UPSTREAM_FAILED', 'no token today');
    let fails = true;
    const { live } = account({
      refresh: async () => (fails ? Promise.reject(fault) : credential('two')),
    });
    expect(live.renewalFault).toBeUndefined();
    await live.refresh(0);
    expect(live.renewalFault).toBe(fault);
    fails = false;
    await live.refresh(0);
    expect(live.renewalFault).toBeUndefined();
  });

  test('a renewal that hangs ends, and the next one may succeed', async () => {
    jest.useFakeTimers();
    let hang = true;
    const { live } = account({
      refresh: () => (hang ? new Promise(() => undefined) : Promise.resolve(credential('two'))),
    });
    const first = live.refresh(0);
    // Nobody knows what becomes of it, and that is no reason to have a person log in.
    const unknown = { code: 'AUTH_OUTCOME_UNKNOWN', failure: { kind: 'upstream' } };
    expect(live.renewalFault).toMatchObject(unknown);
    await jest.advanceTimersByTimeAsync(30_000);
    expect(await first).toBe(false);
    expect(live.renewalFault).toMatchObject(unknown);
    hang = false;
    expect(await live.refresh(0)).toBe(true);
    expect(live.renewalFault).toBeUndefined();
  });

  test('without an authenticator that can, there is none', async () => {
    expect(await account().live.refresh(0)).toBe(false);
  });

  test('happens ahead of the end, on use; after a failure not at every use', async () => {
    let renewals = 0;
    let works = true;
    const { live, sent } = account(
      {
        refreshAheadMs: 60_000,
        refresh: async () => {
          renewals += 1;
          if (!works) throw new Error('refused');
          return credential('two', nowMs + 600_000);
        },
      },
      credential('one', nowMs + 600_000),
    );
    await live.http.request(request, signal);
    nowMs += 539_999;
    await live.http.request(request, signal);
    expect(renewals).toBe(0);
    nowMs += 1;
    await live.http.request(request, signal);
    expect(renewals).toBe(1);
    expect(sent.at(-1)?.headers.authorization).toBe('Bearer two');
    works = false;
    nowMs += 600_000;
    await live.http.request(request, signal);
    await live.http.request(request, signal);
    expect(renewals).toBe(2);
    nowMs += 30_000;
    await live.http.request(request, signal);
    expect(renewals).toBe(3);
  });
});

test('its secrets are taken out of a text, the present ones too; short ones would be words', async () => {
  const held: Credential = {
    secrets: { key: secret('long-secret'), longer: secret('long-secret-2'), pin: secret('a') },
  };
  const { live } = account({ refresh: async () => credential('the-renewed') }, held);
  expect(live.masked('bad key long-secret-2, not long-secret')).toBe('bad key ***, not ***');
  await live.refresh(0);
  expect(live.masked('bad token the-renewed')).toBe('bad token ***');
});

test('a retired account closes its connections, once its renewal is over', async () => {
  const { live, closed } = account();
  await live.retire();
  expect(closed()).toBe(1);
  let end: (next: Credential) => void = () => undefined;
  const renewing = account({ refresh: () => new Promise((resolve) => (end = resolve)) });
  const renewed = renewing.live.refresh(0);
  const retired = renewing.live.retire();
  expect(renewing.closed()).toBe(0);
  end(credential('two'));
  expect(await renewed).toBe(true);
  await retired;
  expect(renewing.closed()).toBe(1);
});
