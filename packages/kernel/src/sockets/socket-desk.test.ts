import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '@cliproxy/plugin-api';
import type { Socket, SocketAdmission, SocketEndpoint } from '@cliproxy/plugin-api';
import { fakeInstance } from '../../test/fake-instances.ts';
import type { PluginInstance } from '../plugins/plugin-instance.ts';
import { SocketDesk } from './socket-desk.ts';

const HEAD = { url: '/v1/ws?x=1', headers: {}, protocols: ['a.1'] };

/** An instance with a path, and what ends it. */
function instance(
  id: string,
  admit: () => Promise<SocketAdmission>,
  holds?: SocketEndpoint['holds'],
): { readonly one: PluginInstance; end(): void } {
  const ending = new AbortController();
  const endpoint = { path: '/v1/ws', origins: ['https://a.example'], maxMessageBytes: 9, admit };
  return {
    one: {
      ...fakeInstance(id),
      ended: ending.signal,
      sockets: [holds === undefined ? endpoint : { ...endpoint, holds }],
    },
    end: () => ending.abort(),
  };
}

function fakeSocket(): Socket & { readonly codes: number[]; readonly closed: Promise<void> } {
  const codes: number[] = [];
  let done: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => (done = resolve));
  return {
    codes,
    closed,
    messages: { [Symbol.asyncIterator]: () => ({ next: () => closed.then(() => END) }) },
    send: async () => undefined,
    close(code) {
      codes.push(code);
      done();
    },
  };
}
const END = { done: true, value: undefined } as const;

/** Serves until the connection ends, and notes when it is told to take no new work. */
const patient = (told: string[], grant?: string) => async (): Promise<SocketAdmission> => ({
  ...(grant === undefined ? {} : { grant }),
  async accept(socket, signal) {
    signal.addEventListener('abort', () => void told.push('no new work'));
    await socket.messages[Symbol.asyncIterator]().next();
  },
});

function desk(...instances: PluginInstance[]) {
  let now: readonly PluginInstance[] = instances;
  const made = new SocketDesk({ instances: () => now, admitMs: 50 });
  return {
    desk: made,
    replace: (...next: PluginInstance[]): void => {
      now = next;
      made.review();
    },
  };
}

describe('who is let in', () => {
  test('is what the plugin says, by the path that it serves', async () => {
    const refusal = new GatewayError('CLIENT_UNAUTHORIZED', 'no');
    const { desk: at } = desk(instance('a', () => Promise.reject(refusal)).one);
    expect(at.at('/other')).toBeUndefined();
    const place = at.at('/v1/ws');
    expect(place).toMatchObject({ instanceId: 'a', origins: ['https://a.example'] });
    await expect(place!.admit(HEAD)).rejects.toBe(refusal);
  });

  test.each([
    ['throws', () => Promise.reject(new Error('boo')), 'PLUGIN_FAULT'],
    ['gives nothing', async () => undefined as never, 'PLUGIN_FAULT'],
    ['hangs', () => new Promise<never>(() => undefined), 'PLUGIN_TIMEOUT'],
    [
      'speaks what was not offered',
      async () => ({ protocol: 'b.2', accept: async () => undefined }),
      'PLUGIN_FAULT',
    ],
  ])('nobody by a plugin that %s', async (_name, admit, code) => {
    const { desk: at } = desk(instance('a', admit).one);
    await expect(at.at('/v1/ws')!.admit(HEAD)).rejects.toMatchObject({ code });
  });
});

describe('a ticket', () => {
  const giver = (issueTicket: () => unknown): PluginInstance => {
    const { one } = instance('a', patient([]));
    const [endpoint] = one.sockets;
    return {
      ...one,
      sockets: [
        { ...endpoint!, path: '/other' },
        { ...endpoint!, issueTicket: issueTicket as NonNullable<SocketEndpoint['issueTicket']> },
      ],
    };
  };

  test('comes from the instance that was named, with the path where it counts', async () => {
    const ticket = { ticket: 'ticket.abc', expiresAtMs: 7, more: 'not passed on' };
    const { desk: at } = desk(
      instance('b', patient([])).one,
      giver(async () => ticket),
    );
    expect(await at.ticket('a')).toEqual({ path: '/v1/ws', ticket: 'ticket.abc', expiresAtMs: 7 });
    await expect(at.ticket('b')).rejects.toMatchObject({
      code: 'AUTH_TICKET_UNSUPPORTED',
      message: '"b" gives no tickets to connect with; these do: a',
    });
    await expect(desk().desk.ticket('a')).rejects.toThrow('no running plugin does');
  });

  test.each<[string, () => unknown, string]>([
    ['throws', () => Promise.reject(new Error('boo')), 'PLUGIN_FAULT'],
    ['hangs', () => new Promise(() => undefined), 'PLUGIN_TIMEOUT'],
    ['gives nothing', async () => undefined, 'PLUGIN_FAULT'],
    [
      'gives what nobody can enter',
      async () => ({ ticket: 'a b', expiresAtMs: 1 }),
      'PLUGIN_FAULT',
    ],
    ['gives no end', async () => ({ ticket: 'ab' }), 'PLUGIN_FAULT'],
  ])('is none of a plugin that %s', async (_name, issueTicket, code) => {
    await expect(desk(giver(issueTicket)).desk.ticket('a')).rejects.toMatchObject({ code });
  });
});

describe('a connection', () => {
  test('is closed when the plugin is done with it, and when it fails', async () => {
    const done = fakeSocket();
    const calm = desk(instance('a', async () => ({ accept: async () => undefined })).one);
    await (await calm.desk.at('/v1/ws')!.admit(HEAD)).serve(done);
    expect(done.codes).toEqual([1000]);
    const failed = fakeSocket();
    const bad = async (): Promise<SocketAdmission> => ({
      accept: () => Promise.reject(new Error('boo')),
    });
    await (await desk(instance('a', bad).one).desk.at('/v1/ws')!.admit(HEAD)).serve(failed);
    expect(failed.codes).toEqual([1011]);
  });

  test('of a replaced instance goes on until that ends', async () => {
    const told: string[] = [];
    const former = instance('a', patient(told, 'g'));
    const { desk: at, replace } = desk(former.one);
    const socket = fakeSocket();
    const served = (await at.at('/v1/ws')!.admit(HEAD)).serve(socket);
    replace(instance('a', patient([]), (grant) => grant === 'g').one);
    expect([told, socket.codes]).toEqual([['no new work'], []]);
    former.end();
    await served;
    expect(socket.codes[0]).toBe(1001);
  });

  test.each([
    ['does not hold its grant', [instance('a', patient([]), () => false).one]],
    [
      'can not say',
      [
        instance('a', patient([]), () => {
          throw new Error('boo');
        }).one,
      ],
    ],
    ['is gone', []],
    ['is another one', [instance('b', patient([])).one]],
  ])('is cut off when the next generation %s', async (_name, next) => {
    const { desk: at, replace } = desk(instance('a', patient([], 'g')).one);
    const socket = fakeSocket();
    const served = (await at.at('/v1/ws')!.admit(HEAD)).serve(socket);
    replace(...next);
    await served;
    expect(socket.codes[0]).toBe(1008);
  });

  test('that was admitted by a former generation comes again', async () => {
    const { desk: at, replace } = desk(instance('a', patient([])).one);
    const admitted = await at.at('/v1/ws')!.admit(HEAD);
    replace(instance('a', patient([])).one);
    const socket = fakeSocket();
    await admitted.serve(socket);
    expect(socket.codes[0]).toBe(1012);
  });
});
