import { beforeEach, describe, expect, test } from '@jest/globals';
import { GatewayError, secret } from '@cliproxy/plugin-api';
import type { Credential } from '@cliproxy/plugin-api';
import { ManualClock } from '../../test/fake-instances.ts';
import type { StoredAccount } from '../ports/credential-store.ts';
import { forKeeping, KeptLogin } from './kept-login.ts';
import { MemoryCredentials } from './memory-credentials.ts';

const HOUR_MS = 3_600_000;
const id = 'foo/a';
const clock = new ManualClock();
const lines: string[] = [];
const logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (line: string) => void lines.push(line),
  error: (line: string) => void lines.push(`ERROR ${line}`),
};
let store: FailingStore;
let vendor: StrictVendor;

/** A store whose disk can be full. */
class FailingStore extends MemoryCredentials {
  /** How many writes still succeed. */
  writes = Infinity;
  written = 0;

  override async put(account: Omit<StoredAccount, 'generation'>, ifGeneration: number) {
    this.writes -= 1;
    this.written += 1;
    if (this.writes < 0) throw new GatewayError('KERNEL_STORE_FAILED', 'the disk is full');
    return super.put(account, ifGeneration);
  }
}

/** Takes each refresh token once; a second use ends the login for good. */
class StrictVendor {
  asked = 0;
  current = 'r0';
  revoked = false;
  /** What goes wrong after it has rotated (`lost`) or before it has done anything. */
  fault: 'lost' | GatewayError | undefined;

  readonly ask = async (former: Credential): Promise<Credential> => {
    this.asked += 1;
    await Promise.resolve();
    if (this.fault instanceof GatewayError) throw this.fault;
    if (this.revoked || former.secrets.refresh?.reveal() !== this.current) {
      this.revoked = true;
      throw new GatewayError('AUTH_NEEDS_LOGIN', 'the vendor has ended the login (invalid_grant)');
    }
    this.current = `r${this.asked}`;
    if (this.fault === 'lost') throw new Error('socket hang up');
    return tokens(this.current, clock.now() + HOUR_MS);
  };
}

function tokens(refresh: string, expiresAtMs: number): Credential {
  return { secrets: { refresh: secret(refresh), access: secret(`a-${refresh}`) }, expiresAtMs };
}

/** As another process would open it. */
async function open(): Promise<KeptLogin> {
  const account = await store.get(id);
  if (account === undefined) throw new Error('nothing is kept');
  return new KeptLogin({ store, account, clock, logger });
}

const valueOf = (credential: Credential | undefined) => credential?.secrets.refresh?.reveal();
const kept = async () => {
  const account = await store.get(id);
  return { token: valueOf(account?.credential), marked: account?.renewingSinceMs !== undefined };
};

const first = tokens('r0', clock.now() + HOUR_MS);

beforeEach(async () => {
  store = new FailingStore();
  vendor = new StrictVendor();
  lines.length = 0;
  const account = { id, authenticator: 'foo', label: 'a***' };
  await store.put({ ...account, credential: forKeeping(first, clock.now()) }, 0);
});

describe('renewing', () => {
  test('what the vendor gave is kept before it is used; the mark goes with it', async () => {
    const login = await open();
    let during: unknown;
    const next = await login.renew(first, async (former) => {
      during = await kept();
      return vendor.ask(former);
    });
    expect(during).toEqual({ token: 'r0', marked: true });
    expect(valueOf(next)).toBe('r1');
    expect(await kept()).toEqual({ token: 'r1', marked: false });
    expect(login.needsLogin).toBeUndefined();
  });

  test('of several that renew the same, one asks; the others take what it got', async () => {
    const logins = await Promise.all([open(), open(), open()]);
    const renewed = await Promise.all(logins.map((login) => login.renew(first, vendor.ask)));
    expect(renewed.map(valueOf)).toEqual(['r1', 'r1', 'r1']);
    expect(vendor.asked).toBe(1);
  });

  test('what another has renewed and has ended since is renewed again', async () => {
    const [one, other] = [await open(), await open()];
    await one.renew(first, vendor.ask);
    clock.pass(2 * HOUR_MS);
    expect(valueOf(await other.renew(first, vendor.ask))).toBe('r2');
    expect(await kept()).toEqual({ token: 'r2', marked: false });
  });

  test('short-lived tokens are never kept: each process gets its own', async () => {
    const ask = async (former: Credential): Promise<Credential> => {
      const { secrets, expiresAtMs } = await vendor.ask(former);
      const { refresh, access } = secrets as Required<typeof secrets>;
      if (refresh === undefined || access === undefined) throw new Error('no tokens');
      return { secrets: { refresh }, session: { access }, ...(expiresAtMs && { expiresAtMs }) };
    };
    const [one, other] = [await open(), await open()];
    expect((await one.renew(first, ask))?.session?.access?.reveal()).toBe('a-r1');
    expect((await store.get(id))?.credential).toEqual({
      secrets: { refresh: expect.anything() },
      expiresAtMs: clock.now(),
    });
    expect((await other.renew(first, ask))?.session?.access?.reveal()).toBe('a-r2');
    expect(valueOf(await one.renew(first, ask))).toBe('r3');
    expect(vendor.revoked).toBe(false);
  });
});

describe('renewing what asking does not use up', () => {
  const nothing = () => false;
  /** Gives short-lived tokens for a cookie, which is replaced now and then. */
  const exchange = (cookie: string) => async (): Promise<Credential> => ({
    secrets: { refresh: secret(cookie) },
    session: { access: secret(`a-${cookie}`) },
    expiresAtMs: clock.now() + 60_000,
  });

  test('writes nothing while nothing is to be kept, and once where it is', async () => {
    const login = await open();
    await login.renew(first, exchange('r0'), nothing);
    store.written = 0;
    for (let minute = 0; minute < 3; minute += 1) {
      const next = await login.renew(first, exchange('r0'), nothing);
      expect(next?.session?.access?.reveal()).toBe('a-r0');
      clock.pass(60_000);
    }
    expect(store.written).toBe(0);
    expect(valueOf(await login.renew(first, exchange('r1'), nothing))).toBe('r1');
    expect(store.written).toBe(1);
    expect(await kept()).toEqual({ token: 'r1', marked: false });
  });

  test('that comes to no known end is asked for again, as often as it takes', async () => {
    const login = await open();
    store.written = 0;
    const lost = () => Promise.reject(new Error('socket hang up'));
    for (let minute = 0; minute < 5; minute += 1) {
      expect(await login.renew(first, lost, nothing)).toBeUndefined();
      expect(login.needsLogin).toBeUndefined();
      clock.pass(60_000);
    }
    expect(store.written).toBe(0);
    expect(valueOf(await login.renew(first, exchange('r0'), nothing))).toBe('r0');
  });

  test('ends where the vendor says so', async () => {
    const login = await open();
    const ended = () => Promise.reject(new GatewayError('AUTH_NEEDS_LOGIN', 'signed out'));
    expect(await login.renew(first, ended, nothing)).toBeUndefined();
    expect(login.needsLogin).toContain('signed out');
  });

  test('after one whose end was unknown, still goes by the mark on disk', async () => {
    const account = await store.get(id);
    await store.put({ ...account!, renewingSinceMs: 1 }, account!.generation);
    const login = await open();
    expect(await login.renew(first, exchange('r0'), nothing)).toBeUndefined();
    expect(login.needsLogin).toContain('has not come to a known end');
  });
});

describe('when it goes wrong', () => {
  test('a refused login needs a person, is not asked about again, and stays kept', async () => {
    vendor.revoked = true;
    const login = await open();
    expect(await login.renew(first, vendor.ask)).toBeUndefined();
    expect(login.needsLogin).toContain('invalid_grant');
    for (let minute = 0; minute < 5; minute += 1) {
      clock.pass(60_000);
      expect(await login.renew(first, vendor.ask)).toBeUndefined();
    }
    expect(vendor.asked).toBe(1);
    expect(await kept()).toEqual({ token: 'r0', marked: true });
  });

  test('a reply that was lost after the rotation: one more try after a minute, then a login', async () => {
    vendor.fault = 'lost';
    const login = await open();
    expect(await login.renew(first, vendor.ask)).toBeUndefined();
    expect(login.needsLogin).toBeUndefined();
    vendor.fault = undefined;
    clock.pass(59_999);
    expect(await login.renew(first, vendor.ask)).toBeUndefined();
    expect(vendor.asked).toBe(1);
    clock.pass(1);
    expect(await login.renew(first, vendor.ask)).toBeUndefined();
    expect(vendor.asked).toBe(2);
    expect(login.needsLogin).toContain('invalid_grant');
    clock.pass(HOUR_MS);
    await login.renew(first, vendor.ask);
    expect(vendor.asked).toBe(2);
  });

  test('a reply that was lost, and nothing was rotated: the second try saves the login', async () => {
    vendor.fault = new GatewayError('AUTH_OUTCOME_UNKNOWN', 'the vendor answered with 500');
    const login = await open();
    expect(await login.renew(first, vendor.ask)).toBeUndefined();
    expect(await kept()).toEqual({ token: 'r0', marked: true });
    vendor.fault = undefined;
    clock.pass(60_000);
    expect(valueOf(await login.renew(first, vendor.ask))).toBe('r2');
    expect(await kept()).toEqual({ token: 'r2', marked: false });
  });

  test('two unknown outcomes in a row: a login', async () => {
    vendor.fault = new GatewayError('AUTH_OUTCOME_UNKNOWN', 'the vendor answered with 500');
    const login = await open();
    await login.renew(first, vendor.ask);
    clock.pass(60_000);
    await login.renew(first, vendor.ask);
    expect(login.needsLogin).toContain('may have taken the former token back');
    clock.pass(60_000);
    await login.renew(first, vendor.ask);
    expect(vendor.asked).toBe(2);
  });

  test('a restart in the middle: the token is not replayed, nor by another process', async () => {
    vendor.fault = 'lost';
    await (await open()).renew(first, vendor.ask);
    vendor.fault = undefined;
    const after = await open();
    expect(after.needsLogin).toContain('may have taken the former token back');
    expect(await after.renew(first, vendor.ask)).toBeUndefined();
    expect(vendor.asked).toBe(1);
  });

  test('a limit of the vendor holds the login as long as it says, five minutes at most', async () => {
    const limited = (resetInMs: number) =>
      new GatewayError('UPSTREAM_RATE_LIMIT', 'slow down', {
        failure: { kind: 'rate-limit', scope: 'account', resetAtMs: clock.now() + resetInMs },
      });
    for (const [statedMs, heldMs] of [
      [1, 5_000],
      [40_000, 40_000],
      [HOUR_MS, 300_000],
    ] as const) {
      const login = await open();
      vendor.fault = limited(statedMs);
      vendor.asked = 0;
      await login.renew(first, vendor.ask);
      clock.pass(heldMs - 1);
      await login.renew(first, vendor.ask);
      expect(vendor.asked).toBe(1);
      expect(await kept()).toEqual({ token: 'r0', marked: false });
      clock.pass(1);
      await login.renew(first, vendor.ask);
      expect(vendor.asked).toBe(2);
      clock.pass(HOUR_MS);
      expect(login.needsLogin).toBeUndefined();
    }
  });

  test('what never reached the vendor changes nothing', async () => {
    vendor.fault = new GatewayError('UPSTREAM_UNREACHABLE', 'no route', {
      failure: { kind: 'network', scope: 'instance' },
    });
    const login = await open();
    await login.renew(first, vendor.ask);
    expect(await kept()).toEqual({ token: 'r0', marked: false });
    vendor.fault = undefined;
    clock.pass(30_000);
    expect(valueOf(await login.renew(first, vendor.ask))).toBe('r2');
  });

  test('an account that is gone needs a login', async () => {
    const login = await open();
    await store.delete(id);
    expect(await login.renew(first, vendor.ask)).toBeUndefined();
    expect(login.needsLogin).toContain('logged out');
    expect(vendor.asked).toBe(0);
  });

  test('a login that ended serves again once another process has logged in', async () => {
    vendor.revoked = true;
    const login = await open();
    await login.renew(first, vendor.ask);
    const account = await store.get(id);
    const credential = tokens('other', clock.now() + HOUR_MS);
    await store.put({ id, authenticator: 'foo', label: 'a', credential }, account?.generation ?? 0);
    clock.pass(60_000);
    expect(valueOf(await login.renew(first, vendor.ask))).toBe('other');
    expect(login.needsLogin).toBeUndefined();
    expect(vendor.asked).toBe(1);
  });
});

describe('when the disk is full', () => {
  test('before: the vendor is not asked', async () => {
    store.writes = 0;
    const login = await open();
    expect(await login.renew(first, vendor.ask)).toBeUndefined();
    expect(vendor.asked).toBe(0);
    store.writes = Infinity;
    clock.pass(30_000);
    expect(valueOf(await login.renew(first, vendor.ask))).toBe('r1');
  });

  test('after: what the vendor gave is used, told, and kept before anything else is asked', async () => {
    store.writes = 1;
    const login = await open();
    const next = await login.renew(first, vendor.ask);
    expect(valueOf(next)).toBe('r1');
    expect(lines.join()).toContain("ERROR account a*** has a new token that can't be kept");
    expect(await kept()).toEqual({ token: 'r0', marked: true });
    expect(await login.renew(next as Credential, vendor.ask)).toBeUndefined();
    expect(vendor.asked).toBe(1);
    store.writes = Infinity;
    clock.pass(30_000);
    expect(valueOf(await login.renew(next as Credential, vendor.ask))).toBe('r2');
    expect(await kept()).toEqual({ token: 'r2', marked: false });
  });
});
