/** A gateway whose clock jumps by a day, and which stands still in between, as on a machine that sleeps. */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startAcmeVendor } from '../secrets/acme-vendor.ts';
import type { AcmeVendor } from '../secrets/acme-vendor.ts';
import { PlantedSecrets } from '../secrets/planted.ts';
import { ADMIN_KEY, KEY, openStream, openWorkshop, prepareOnce, words } from './gateway-process.ts';
import type { GatewayProcess, Workshop } from './gateway-process.ts';

/** Debian's package faketime. */
const LIBRARY = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';
const TIME_MS = 120_000;

(existsSync(LIBRARY) ? describe : describe.skip)('while the clock jumps (needs faketime)', () => {
  let shop: Workshop;
  let acme: AcmeVendor;
  let gateway: GatewayProcess;
  /** Puts the gateway's wall clock so far from the true one; durations go on as they are. */
  const jump = (by: string): void => writeFileSync(path.join(shop.dir, 'clock'), `${by}\n`);

  beforeAll(async () => {
    prepareOnce();
    shop = openWorkshop();
    acme = await startAcmeVendor(new PlantedSecrets());
    jump('+0');
    shop.config(`
server: { port: 0, apiKeys: [${KEY}], adminKeys: [${ADMIN_KEY}] }
timeouts: { idleMs: 3000, firstByteMs: 3000 }
plugins:
  echo: { config: { paceMs: 200 } }
  acme:
    package: '${path.resolve(import.meta.dirname, '../secrets/acme')}'
    config: { baseUrl: '${acme.url}', clientSecret: a-client-secret-of-the-tests }
`);
    gateway = await shop.start(['--config', 'config.yaml'], {
      env: {
        LD_PRELOAD: LIBRARY,
        FAKETIME_TIMESTAMP_FILE: path.join(shop.dir, 'clock'),
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
    });
    const begun = await post('/v1/auth/acme/login', {}, ADMIN_KEY);
    const { login } = (await begun.json()) as { readonly login: { readonly url: string } };
    expect((await fetch(login.url)).status).toBe(200);
  }, 600_000);
  afterAll(async () => {
    shop.clear();
    await acme.close();
  });

  const post = (at: string, body: object, key: string) =>
    fetch(gateway.url + at, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  async function statuses(count: number): Promise<readonly number[]> {
    const body = { model: 'acme-1', messages: [{ role: 'user', content: 'hi' }] };
    const replies = await Promise.all(
      Array.from({ length: count }, () => post('/v1/chat/completions', body, KEY)),
    );
    await Promise.all(replies.map((reply) => reply.text()));
    return [...new Set(replies.map(({ status }) => status))];
  }
  const renewals = (): number =>
    acme.received.filter((one) => one.includes('grant_type=refresh_token')).length;
  /** Chats with a token that is not the one of now. */
  const refused = (): number =>
    acme.received.filter((one) => one.startsWith('answer: ') && one.includes('"bad_')).length;

  test(
    'a token that ended meanwhile is renewed once, before it is used; streams go on',
    async () => {
      expect(await statuses(5)).toEqual([200]);
      expect(renewals()).toBe(0);
      const stream = await openStream(gateway, words(20));
      jump('+1d');
      expect(await statuses(20)).toEqual([200]);
      expect({ renewals: renewals(), refused: refused() }).toEqual({ renewals: 1, refused: 0 });
      jump('-1d');
      expect(await statuses(20)).toEqual([200]);
      jump('+0');
      expect(await statuses(20)).toEqual([200]);
      expect({ renewals: renewals(), refused: refused() }).toEqual({ renewals: 1, refused: 0 });
      expect(await stream.end).toContain('[DONE]');
    },
    TIME_MS,
  );

  test(
    'a sleep of two days ends no stream, and the token is renewed at the awakening',
    async () => {
      const stream = await openStream(gateway, words(20));
      gateway.kill('SIGSTOP');
      jump('+2d');
      // Longer than any silence that is allowed, and than the pause between two renewals.
      await new Promise((resolve) => setTimeout(resolve, 12_000));
      gateway.kill('SIGCONT');
      expect(await statuses(20)).toEqual([200]);
      expect({ renewals: renewals(), refused: refused() }).toEqual({ renewals: 2, refused: 0 });
      expect(await stream.end).toContain('[DONE]');
    },
    TIME_MS,
  );

  test(
    'an account that is out is tried again when the clock is set back beyond what was stated',
    async () => {
      acme.limits = true;
      expect(await statuses(1)).toEqual([429]);
      acme.limits = false;
      expect(await statuses(3)).toEqual([429]);
      jump('+0');
      expect(await statuses(1)).toEqual([200]);
    },
    TIME_MS,
  );
});
