/**
 * Logins as people have them: the gateway and each command in processes of their own, a real browser,
 * and a real authorization server behind either llmux plugin.
 */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { findChromium } from '@cliproxy/plugin-testkit';
import puppeteer from 'puppeteer';
import type { Browser } from 'puppeteer';
import {
  ADMIN_KEY,
  KEY,
  logged,
  openWorkshop,
  prepareOnce,
  until,
} from '../process/gateway-process.ts';
import type {
  Ended,
  GatewayProcess,
  LaunchedProcess,
  Workshop,
} from '../process/gateway-process.ts';
import { llmuxVendors } from './llmux-vendor.ts';
import type { LlmuxVendor } from './llmux-vendor.ts';
import { aPerson } from './person.ts';
import type { Person } from './person.ts';

const TIME_MS = 120_000;
const chromium = findChromium();

(chromium === undefined ? describe.skip : describe)('in a browser', () => {
  let shop: Workshop;
  let gateway: GatewayProcess;
  let browser: Browser;
  const vendors = new Map<string, LlmuxVendor>();
  let printed = '';

  beforeAll(async () => {
    for (const way of ['warn', 'info'] as const) {
      // The server has much to say on how it is not set up for the world.
      jest.spyOn(console, way).mockImplementation(() => undefined);
    }
    prepareOnce();
    shop = openWorkshop();
    for (const [name, start] of Object.entries(llmuxVendors)) vendors.set(name, await start());
    configure();
    gateway = await shop.start(['--config', 'config.yaml']);
    browser = await puppeteer.launch(chromium);
  }, TIME_MS);

  afterAll(async () => {
    await browser.close();
    gateway.kill('SIGTERM');
    await gateway.ended;
    shop.clear();
    for (const vendor of vendors.values()) await vendor.close();
  }, TIME_MS);

  function configure(more: object = {}): void {
    const plugins = Object.fromEntries(
      [...vendors].map(([name, { instance }]) => [name, { ...instance, required: false }]),
    );
    shop.config(
      JSON.stringify({
        server: { port: 0, apiKeys: [KEY], adminKeys: [ADMIN_KEY] },
        log: { level: 'debug', format: 'json' },
        accountStrategy: 'fill-first',
        plugins,
        ...more,
      }),
    );
  }

  /** A command, on a machine without a display. */
  function begin(line: string, typed = false): LaunchedProcess {
    return shop.begin([...line.split(' '), '--config', 'config.yaml'], {
      env: { CLIPROXY_SERVER_PORT: String(gateway.port), DISPLAY: '', WAYLAND_DISPLAY: '' },
      typed,
    });
  }

  async function end(command: LaunchedProcess): Promise<Ended> {
    const ended = await command.ended;
    printed += ended.stdout + ended.stderr;
    return ended;
  }

  /** The address that a login shows. */
  async function addressOf(command: LaunchedProcess): Promise<string> {
    const shown = (): string | undefined => /^http\S+$/m.exec(command.stderr())?.[0];
    await until(() => shown() !== undefined, `no address was shown: ${command.stderr()}`);
    return shown() ?? '';
  }

  async function post(path: string, body: object, key: string): Promise<Response> {
    return fetch(gateway.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  test(
    'the configuration is found to be right',
    async () => {
      expect(await end(begin('config check'))).toMatchObject({ code: 0 });
    },
    TIME_MS,
  );

  describe.each([...Object.keys(llmuxVendors)])('at %s', (name) => {
    let vendor: LlmuxVendor;
    let alice: Person;
    let bob: Person;

    beforeAll(async () => {
      vendor = vendors.get(name) as LlmuxVendor;
      alice = await aPerson(browser, 'alice');
      bob = await aPerson(browser, 'bob');
    }, TIME_MS);
    afterAll(async () => {
      await alice.leave();
      await bob.leave();
    });

    async function ask(): Promise<number> {
      const messages = [{ role: 'user', content: 'Hi' }];
      const model = `${name}/${vendor.model}`;
      const reply = await post('/v1/chat/completions', { model, messages }, KEY);
      const text = await reply.text();
      if (reply.status === 200) expect(text).toContain('hello');
      return reply.status;
    }

    interface Shown {
      readonly id: string;
      readonly label: string;
      readonly state: string;
      readonly next?: string;
      readonly reason?: string;
    }

    /** As the command line shows them. */
    async function accountsShown(): Promise<readonly Shown[]> {
      return ofThis(JSON.parse((await end(begin('accounts --json'))).stdout));
    }

    async function accounts(): Promise<readonly Shown[]> {
      const reply = await fetch(`${gateway.url}/v1/accounts`, {
        headers: { authorization: `Bearer ${ADMIN_KEY}` },
      });
      return ofThis(((await reply.json()) as { readonly accounts: unknown }).accounts);
    }

    function ofThis(all: unknown): readonly Shown[] {
      return (all as readonly Shown[]).filter(({ id }) => id.startsWith(`${name}/`));
    }

    async function accountOf({ name: person }: Person): Promise<Shown> {
      const found = (await accounts()).find(({ label }) => label.startsWith(person.charAt(0)));
      if (found === undefined) throw new Error(`${person} has no account`);
      return found;
    }

    test(
      'a person logs in by the command line, and reads that it was done',
      async () => {
        const command = begin(`login ${name} --no-browser`);
        const { status, text } = await alice.logIn(await addressOf(command));
        expect([status, text]).toEqual([
          200,
          expect.stringContaining('a***@example.com was logged in'),
        ]);
        expect(text).toContain('You can close this page and go back to where you began.');
        const { code, stdout } = await end(command);
        expect([code, stdout]).toEqual([
          0,
          expect.stringMatching(/a\*\*\*@example\.com +logged-in +usable/),
        ]);
        expect(await end(begin(`test-provider ${name}`))).toMatchObject({
          code: 0,
          stdout: expect.stringContaining('hello'),
        });
        expect(await vendor.lastAsker()).toBe('alice');
        expect(await ask()).toBe(200);
      },
      TIME_MS,
    );

    test(
      'a person logs in from the browser alone, by a ticket',
      async () => {
        const ticket = await post(`/v1/auth/${name}/ticket`, {}, ADMIN_KEY);
        const { path } = (await ticket.json()) as { readonly path: string };
        const { status, text } = await bob.logIn(gateway.url + path);
        expect([status, text]).toEqual([
          200,
          expect.stringContaining('b***@example.com was logged in'),
        ]);
        expect(await accounts()).toHaveLength(2);
      },
      TIME_MS,
    );

    test(
      'without a browser: a device code, or the pasted address that another one ended at',
      async () => {
        const { id } = await accountOf(alice);
        const byCode = begin(`login ${name} --flow device --account ${id}`);
        const page = await addressOf(byCode);
        await until(() => byCode.stderr().includes('Code: '));
        const [, code = ''] = /Code: (\S+)/.exec(byCode.stderr()) ?? [];
        const carol = await aPerson(browser, 'carol');
        expect((await carol.enterCode(page, code)).text).toContain('Sign-in Success');
        await carol.leave();

        // Meanwhile: the vendor is asked every five seconds whether the code was entered.
        const byPaste = begin(`login ${name} --paste`, true);
        const back = await bob.logInUntil(await addressOf(byPaste));
        await until(() => byPaste.stderr().includes('paste its address'));
        byPaste.type(back);
        expect(await end(byPaste)).toMatchObject({
          code: 0,
          stdout: expect.stringContaining('b***'),
        });

        expect(await end(byCode)).toMatchObject({
          code: 0,
          stdout: expect.stringContaining('c***'),
        });
        const { id: another } = await accountOf(carol);
        expect((await end(begin(`logout ${name} --account ${another}`))).code).toBe(0);
        expect((await accountsShown()).map(({ label }) => label)).toEqual([
          'a***@example.com',
          'b***@example.com',
        ]);
      },
      TIME_MS,
    );

    test(
      'a token that is refused is renewed, and the refresh token with it',
      async () => {
        expect(await ask()).toBe(200);
        const before = vendor.server.seen.refreshed;
        vendor.refuseLastToken();
        expect(await ask()).toBe(200);
        expect(vendor.server.seen.refreshed).toBe(before + 1);
        const spent = refreshTokens(vendor).at(-1) ?? '';
        expect(await vendor.server.isActive(spent)).toBe(false);
        vendor.refuseLastToken();
        expect(await ask()).toBe(200);
        expect(refreshTokens(vendor).at(-1)).not.toBe(spent);
        expect(await vendor.lastAsker()).toBe('alice');
      },
      TIME_MS,
    );

    test(
      'a spent refresh token that another uses ends the login; others serve, and a new one mends it',
      async () => {
        const stolen = refreshTokens(vendor).at(-1) ?? '';
        const thief = await fetch(vendor.tokens.url, {
          method: 'POST',
          headers: vendor.tokens.requests.at(-1)?.headers as Record<string, string>,
          body: vendor.tokens.requests.at(-1)?.body ?? '',
        });
        expect([thief.status, await thief.json()]).toEqual([
          400,
          expect.objectContaining({ error: 'invalid_grant' }),
        ]);
        expect(await vendor.server.isActive(stolen)).toBe(false);
        expect(await ask()).toBe(200);
        expect(await vendor.lastAsker()).toBe('bob');
        const { id, ...shown } = await accountOf(alice);
        expect(shown).toMatchObject({
          state: 'needs-login',
          reason: expect.stringContaining('invalid_grant'),
          next: expect.stringContaining(`cliproxy login ${name}`),
        });
        const command = begin(`login ${name} --no-browser --account ${id}`);
        expect((await alice.logIn(await addressOf(command))).text).toContain('was logged in');
        expect((await end(command)).code).toBe(0);
        expect((await accountOf(alice)).state).toBe('usable');
      },
      TIME_MS,
    );

    test(
      'a login that its person ends at the vendor needs a new one',
      async () => {
        await vendor.server.endLogin('alice');
        expect(await ask()).toBe(200);
        expect(await vendor.lastAsker()).toBe('bob');
        expect((await accountOf(alice)).state).toBe('needs-login');
      },
      TIME_MS,
    );

    test(
      'logging out ends the login at the vendor',
      async () => {
        expect(await ask()).toBe(200);
        const { id } = await accountOf(bob);
        const { revoked } = vendor.server.seen;
        const { code, stdout } = await end(begin(`logout ${name} --account ${id}`));
        expect([code, stdout]).toEqual([
          0,
          expect.stringMatching(/^Logged out: .*b\*\*\*.*The vendor has ended the login, too\.$/m),
        ]);
        expect(vendor.server.seen.revoked).toBe(revoked + 1);
        expect(await vendor.lastAsker()).toBeUndefined();
        expect(await accounts()).toHaveLength(1);
        expect(await ask()).toBe(503);
      },
      TIME_MS,
    );

    test(
      'a wrong state is refused by a page, and the login goes on; its end is taken once',
      async () => {
        const command = begin(`login ${name} --no-browser`);
        const back = await alice.logInUntil(await addressOf(command));
        expect(await alice.visit(changed(back, 'state', 'of-somebody-else'))).toEqual({
          status: 400,
          text: expect.stringMatching(/Not a login of this gateway[^]*Start the login again/),
        });
        expect(await alice.visit(back)).toMatchObject({ status: 200 });
        expect((await end(command)).code).toBe(0);
        expect(await alice.visit(back)).toEqual({
          status: 409,
          text: expect.stringContaining('This login was answered already'),
        });
      },
      TIME_MS,
    );

    test(
      'the answer of another issuer is refused',
      async () => {
        const command = begin(`login ${name} --no-browser`);
        const back = await alice.logInUntil(await addressOf(command));
        expect(await alice.visit(changed(back, 'iss', 'https://evil.example'))).toEqual({
          status: 400,
          text: expect.stringMatching(/Not logged in[^]*its iss differs[^]*Start the login again/),
        });
        expect(await end(command)).toMatchObject({
          code: 1,
          stderr: expect.stringContaining('its iss differs'),
        });
      },
      TIME_MS,
    );

    test(
      'a code that was given to another login is refused, since its verifier differs',
      async () => {
        const [command, other] = [
          begin(`login ${name} --no-browser`),
          begin(`login ${name} --no-browser`),
        ];
        const own = await alice.logInUntil(await addressOf(command));
        const foreign = await alice.logInUntil(await addressOf(other));
        const code = new URL(foreign).searchParams.get('code') ?? '';
        expect(await alice.visit(changed(own, 'code', code))).toEqual({
          status: 400,
          text: expect.stringMatching(/Not logged in[^]*invalid_grant/),
        });
        expect(vendor.server.seen.refusals.at(-1)).toContain('code_verifier does not match');
        expect((await end(command)).code).toBe(1);
        other.kill('SIGTERM');
        expect((await end(other)).code).toBe(1);
      },
      TIME_MS,
    );

    test(
      "a person's no is told on both sides",
      async () => {
        const command = begin(`login ${name} --no-browser`);
        expect(await alice.refuse(await addressOf(command))).toEqual({
          status: 400,
          text: expect.stringMatching(/Not logged in[^]*access_denied/),
        });
        expect(await end(command)).toMatchObject({
          code: 1,
          stderr: expect.stringContaining('access_denied'),
        });
      },
      TIME_MS,
    );
  });

  test(
    'who comes back too late is told so',
    async () => {
      configure({ timeouts: { loginMs: 1500 } });
      gateway.kill('SIGHUP');
      await logged(gateway, 'configuration');
      const person = await aPerson(browser, 'dora');
      for (const name of vendors.keys()) {
        const command = begin(`login ${name} --no-browser`);
        const back = await person.logInUntil(await addressOf(command));
        expect(await end(command)).toMatchObject({
          code: 1,
          stderr: expect.stringContaining('took longer than'),
        });
        expect(await person.visit(back)).toEqual({
          status: 410,
          text: expect.stringMatching(/This login has ended[^]*Start the login again/),
        });
      }
      await person.leave();
    },
    TIME_MS,
  );

  test('no code, verifier or token was printed', () => {
    const told = gateway.stdout() + gateway.stderr() + printed;
    for (const vendor of vendors.values()) {
      expect(secretsIn(vendor).length).toBeGreaterThan(10);
      for (const secret of secretsIn(vendor)) expect(told).not.toContain(secret);
    }
  });
});

function changed(url: string, name: string, value: string): string {
  const address = new URL(url);
  address.searchParams.set(name, value);
  return address.href;
}

/** What a renewal was asked with, the oldest first. */
function refreshTokens({ tokens }: LlmuxVendor): string[] {
  return tokens.requests.flatMap(({ body }) => fieldsOf(body).refresh_token ?? []);
}

function secretsIn({ tokens }: LlmuxVendor): string[] {
  return tokens.requests.flatMap(({ body }) => {
    const { code, code_verifier: verifier, refresh_token: token } = fieldsOf(body);
    return [code, verifier, token].filter((one) => one !== undefined);
  });
}

function fieldsOf(body: string): Readonly<Record<string, string>> {
  return body.startsWith('{')
    ? (JSON.parse(body) as Record<string, string>)
    : Object.fromEntries(new URLSearchParams(body));
}
