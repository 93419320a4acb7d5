import { describe, expect, test } from '@jest/globals';
import type { Socket } from '@cliproxy/plugin-api';
import { readRouterMessageV2, writeFrameV2, writeV2 } from '../envelope/v2.ts';
import type { PageMessageV2, RouterMessageV2 } from '../envelope/v2.ts';
import { CREDIT_BYTES, SessionV2 } from './session-v2.ts';

const REQUEST = { method: 'POST', url: 'http://a.example/x', headers: {} } as const;

/** A session with a page that says what a test says. */
function rig() {
  const clock = { nowMs: 1_800_000_000_000 };
  const sent: RouterMessageV2[] = [];
  const codes: number[] = [];
  const frames: (Buffer | string)[] = [];
  let wake: () => void = () => undefined;
  let over = false;
  async function* read(): AsyncGenerator<Buffer | string> {
    for (;;) {
      const frame = frames.shift();
      if (frame !== undefined) yield frame;
      else if (over) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  const end = (): void => {
    over = true;
    wake();
  };
  const socket: Socket = {
    messages: read(),
    send: async (data) => {
      if (typeof data === 'string') sent.push(readRouterMessageV2(data)!);
    },
    close(code) {
      codes.push(code);
      end();
    },
  };
  const session = new SessionV2(socket, { clientId: 'client-01' }, () => clock.nowMs);
  const running = session.run(socket.messages);
  const give = async (frame: Buffer | string): Promise<void> => {
    frames.push(frame);
    wake();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    clock,
    sent,
    codes,
    session,
    end: () => {
      end();
      return running;
    },
    say: (message: PageMessageV2) => give(writeV2(message)),
    bytes: (call: number, size: number) =>
      give(Buffer.from(writeFrameV2(call, Buffer.alloc(size)))),
  };
}

const head = (call: number): PageMessageV2 => ({
  type: 'response',
  call,
  status: 200,
  headers: {},
});

describe('credit', () => {
  test('is given for what is read, and not before', async () => {
    const { session, say, bytes, sent, end } = rig();
    const asked = session.ask(REQUEST, new AbortController().signal);
    await say(head(1));
    const { body } = await asked;
    await bytes(1, CREDIT_BYTES / 2);
    await bytes(1, CREDIT_BYTES / 2);
    expect(sent.filter(({ type }) => type === 'credit')).toEqual([]);
    let got = 0;
    body.on('data', (chunk: Buffer) => (got += chunk.length));
    while (got < CREDIT_BYTES) await new Promise((resolve) => setImmediate(resolve));
    const given = sent.map((one) => (one.type === 'credit' ? one.bytes : 0));
    expect(given.reduce((sum, one) => sum + one)).toBe(CREDIT_BYTES);
    await end();
  });

  test('that is overdrawn closes the connection, and the answer breaks off', async () => {
    const { session, say, bytes, codes } = rig();
    const asked = session.ask(REQUEST, new AbortController().signal);
    await say(head(1));
    const { body } = await asked;
    const broken = new Promise((resolve) => body.once('error', resolve));
    await bytes(1, CREDIT_BYTES);
    await bytes(1, 1);
    expect(codes).toEqual([1008]);
    expect(await broken).toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
  });
});

describe('a page that hangs', () => {
  test('is given no calls, until it says something again', async () => {
    const { session, say, clock, end } = rig();
    clock.nowMs += 17_500;
    expect(session.responsive).toBe(false);
    await expect(session.ask(REQUEST, new AbortController().signal)).rejects.toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
      failure: { kind: 'network', scope: 'account' },
    });
    await say({ type: 'pong', at: 1 });
    expect(session.responsive).toBe(true);
    await end();
  });
});

describe('a call', () => {
  test('that is given up is cancelled, and what still comes of it is no offence', async () => {
    const { session, say, bytes, sent, codes, end } = rig();
    const leave = new AbortController();
    const asked = session.ask(REQUEST, leave.signal);
    await say(head(1));
    await asked;
    leave.abort(new Error('the client has left'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent.at(-1)).toEqual({ type: 'cancel', call: 1 });
    for (let n = 0; n < 1000; n += 1) await bytes(1, 1);
    expect(codes).toEqual([]);
    await end();
  });

  test.each([
    ['refused-host', 'PLUGIN_HOST_FORBIDDEN'],
    ['network', 'UPSTREAM_UNREACHABLE'],
    ['aborted', 'UPSTREAM_UNREACHABLE'],
    ['bad-request', 'UPSTREAM_UNREACHABLE'],
  ] as const)('that fails by %s says so', async (reason, code) => {
    const { session, say, end } = rig();
    const asked = session.ask(REQUEST, new AbortController().signal);
    void say({ type: 'error', call: 1, message: 'because', reason });
    await expect(asked).rejects.toMatchObject({ code });
    await end();
  });

  test('of a page that retires ends first', async () => {
    const { session, say, codes, end } = rig();
    const asked = session.ask(REQUEST, new AbortController().signal);
    session.retire();
    await say(head(1));
    expect(codes).toEqual([]);
    await say({ type: 'end', call: 1 });
    (await asked).body.resume();
    expect(codes).toEqual([1012]);
    await end();
  });
});
