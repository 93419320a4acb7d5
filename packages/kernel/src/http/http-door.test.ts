import { describe, expect, test } from '@jest/globals';
import { Readable } from 'node:stream';
import type { HttpClient, OutgoingRequest, WireReply } from '@cliproxy/plugin-api';
import { AllowedHosts } from './allowed-hosts.ts';
import { accountDoor, bareDoor } from './http-door.ts';

const { signal } = new AbortController();

function lane(): HttpClient & { readonly sent: OutgoingRequest[] } {
  const sent: OutgoingRequest[] = [];
  return {
    sent,
    async request(request): Promise<WireReply> {
      sent.push(request);
      return { status: 200, headers: {}, body: Readable.from([]) };
    },
  };
}

const allowed = (hosts: readonly string[], config: unknown = {}): AllowedHosts =>
  new AllowedHosts({ instanceId: 'foo', packageName: '@someone/foo', hosts, config });

const get = (url: string): OutgoingRequest => ({ method: 'GET', url, headers: {} });

describe('hosts', () => {
  const cases: readonly [string, string, boolean][] = [
    ['api.example', 'https://api.example/v1', true],
    ['api.example', 'https://api.example', true],
    ['api.example', 'https://API.Example/v1', true],
    ['api.example', 'http://api.example:8080/v1?x#y', true],
    ['api.example:8080', 'http://api.example:8080/v1', true],
    ['api.example:443', 'https://api.example/v1', true],
    ['api.example:443', 'http://api.example/v1', false],
    ['api.example:8080', 'http://api.example/v1', false],
    ['api.example', 'https://api.example.evil.example/', false],
    ['api.example', 'https://evil.example/api.example', false],
    ['api.example', 'https://evil.example/?https://api.example/', false],
    ['api.example', 'https://evil.example#@api.example/', false],
    ['api.example', 'https://evil.example\\@api.example/', false],
    ['api.example', 'https://api.example@evil.example/', false],
    ['api.example', 'https://user:pass@api.example/', false],
    ['api.example', 'https://api.example./', false],
    ['api.example', 'https://sub.api.example/', false],
    ['api.example', 'ftp://api.example/', false],
    ['api.example', 'file:///etc/passwd', false],
    ['api.example', '//api.example/', false],
    ['api.example', '/v1', false],
    ['api.example', '', false],
    ['127.0.0.1', 'http://127.0.0.1:1234/', true],
    ['127.0.0.1', 'http://2130706433/', true],
    ['api.example', 'http://2130706433/', false],
    ['api.example', 'http://[::ffff:127.0.0.1]/', false],
    ['api.example', 'http://0.0.0.0/', false],
    ['api.example', 'http://169.254.169.254/latest/meta-data', false],
    ['[::1]', 'http://[::1]:9/', true],
  ];
  test.each(cases)('%s declared, %s asked: %s', (host, url, passes) => {
    const hosts = allowed([host]);
    for (let round = 0; round < 2; round += 1) {
      if (passes) expect(() => hosts.check(url)).not.toThrow();
      else expect(() => hosts.check(url)).toThrow('permissions.hosts');
    }
  });

  test('come from the configuration where the manifest says so', () => {
    const config = {
      baseUrl: 'https://my.example:8443/v1',
      plain: 'http://other.example/v1',
      list: ['https://a.example', 'https://b.example/x'],
      'odd/name': { deep: 'https://c.example' },
      not: 'a url',
    };
    const hosts = allowed(
      [
        'config:/baseUrl',
        'config:/plain',
        'config:/list',
        'config:/odd~1name/deep',
        'config:/not',
        'config:/gone/deep',
        'config:/__proto__',
      ],
      config,
    );
    for (const url of [
      'https://my.example:8443/v1/models',
      'http://other.example/',
      'https://a.example/',
      'https://b.example/',
      'https://c.example/',
    ]) {
      expect(() => hosts.check(url)).not.toThrow();
    }
    for (const url of ['https://my.example/', 'https://other.example/', 'http://a.example/']) {
      expect(() => hosts.check(url)).toThrow('may not reach');
    }
  });

  test('a refusal names the host, the plugin, and the manifest', () => {
    expect(() => allowed(['api.example']).check('https://evil.example:99/secret?key=1')).toThrow(
      expect.objectContaining({
        code: 'PLUGIN_HOST_FORBIDDEN',
        message: expect.stringMatching(
          /"foo" may not reach the host evil\.example:99: .*@someone\/foo allows api\.example$/,
        ),
      }),
    );
    expect(() => allowed([]).check('https://evil.example')).toThrow('allows none');
  });
});

describe('doors', () => {
  test('the bare one adds nothing', async () => {
    const to = lane();
    const request = get('https://api.example/v1');
    await bareDoor(to, allowed(['api.example'])).request(request, signal);
    expect(to.sent).toEqual([request]);
  });

  test("the account's puts credentials on, for declared hosts alone", async () => {
    const to = lane();
    let asked = 0;
    const door = accountDoor(to, allowed(['api.example']), async (request) => {
      asked += 1;
      return { ...request, headers: { authorization: 'Bearer it' } };
    });
    await door.request(get('https://api.example/v1'), signal);
    expect(to.sent[0]?.headers).toEqual({ authorization: 'Bearer it' });
    await expect(door.request(get('https://evil.example/'), signal)).rejects.toMatchObject({
      code: 'PLUGIN_HOST_FORBIDDEN',
    });
    expect(asked).toBe(1);
  });

  test('an authenticator can not lead elsewhere', async () => {
    const to = lane();
    const door = accountDoor(to, allowed(['api.example']), async (request) => ({
      ...request,
      url: 'https://evil.example/?key=it',
    }));
    await expect(door.request(get('https://api.example/v1'), signal)).rejects.toMatchObject({
      code: 'PLUGIN_HOST_FORBIDDEN',
    });
    expect(to.sent).toEqual([]);
  });

  test.each([undefined, null, {}, { url: 5, headers: {} }, { url: 'https://api.example/' }])(
    'the junk request %j is named',
    async (request) => {
      const door = bareDoor(lane(), allowed(['api.example']));
      const sent = door.request(request as unknown as OutgoingRequest, signal);
      await expect(sent).rejects.toMatchObject({ code: 'PLUGIN_FAULT' });
    },
  );

  test('a missing signal is named', async () => {
    const door = bareDoor(lane(), allowed(['api.example']));
    const sent = door.request(get('https://api.example/'), undefined as unknown as AbortSignal);
    await expect(sent).rejects.toMatchObject({ code: 'PLUGIN_FAULT' });
  });
});
