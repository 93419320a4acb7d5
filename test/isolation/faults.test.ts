import { existsSync, readFileSync, readdirSync } from 'node:fs';
import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  ADMIN_KEY,
  KEY,
  ask,
  openWorkshop,
  prepareOnce,
  until,
} from '../process/gateway-process.ts';
import type { GatewayProcess, Workshop } from '../process/gateway-process.ts';
import { runs } from '../supervisor/stage.ts';
import { openWicked } from './wicked.ts';

let shop: Workshop;
let wicked: ReturnType<typeof openWicked>;
let gateway: GatewayProcess;
let config: string;

beforeAll(async () => {
  prepareOnce();
  await open({ WICKED_MAY_SEE: 'yes', WICKED_MAY_NOT: 'no' });
}, 300_000);
afterAll(() => {
  shop.clear();
  wicked.remove();
});

async function open(env: Readonly<Record<string, string>>): Promise<void> {
  shop = openWorkshop();
  wicked = openWicked();
  config = shop.config(text({}));
  gateway = await shop.start(['--config', config], { env });
}

/** The configuration. @param more - for the instance. */
function text(more: object): string {
  const limits = { isolation: 'process', memoryLimitMb: 256 };
  return JSON.stringify({
    server: { port: 0, apiKeys: [KEY], adminKeys: [ADMIN_KEY], drainMs: 1000 },
    log: { level: 'debug', format: 'json' },
    plugins: { echo: {}, wicked: { package: wicked.folder, ...limits, ...more } },
    routes: [
      {
        match: 'both',
        targets: [
          { plugin: 'wicked', model: 'm' },
          { plugin: 'echo', model: 'echo' },
        ],
      },
    ],
  });
}

async function tell(content: string, model = 'wicked/m', stream = false) {
  const begunMs = performance.now();
  const reply = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content }] }),
  });
  const { status, headers } = reply;
  return { status, headers, text: await reply.text(), tookMs: performance.now() - begunMs };
}

const said = (text: string): string =>
  (JSON.parse(text) as { choices: { message: { content: string } }[] }).choices[0]?.message
    .content ?? '';

interface Child {
  readonly pid?: number;
  readonly state: string;
  readonly restarts: number;
  readonly lastExit?: { readonly reason: string };
}

async function child(): Promise<Child | undefined> {
  const reply = await fetch(`${gateway.url}/v1/health`, {
    headers: { authorization: `Bearer ${KEY}` },
  });
  const { plugins } = (await reply.json()) as {
    readonly plugins: readonly {
      readonly instanceId: string;
      readonly children?: readonly Child[];
    }[];
  };
  return plugins.find(({ instanceId }) => instanceId === 'wicked')?.children?.[0];
}

/** Asks until it answers again. @returns how long that took, in milliseconds. */
async function back(): Promise<number> {
  const begunMs = performance.now();
  await until(async () => (await tell('pid')).status === 200);
  return performance.now() - begunMs;
}

// One gateway for all of it, which has to survive everything in turn.
describe('what a plugin does in a process of its own', () => {
  test.each([
    ['loop', /has not answered for \d+ s: its event loop is blocked/],
    ['alloc', /took \d+ MiB of memory, more than its 256 MiB/],
    ['exit', 'exited with code 3'],
    ['throws', 'uncaught Error: thrown later'],
    ['rejects', 'unhandled rejection of Error: rejected later'],
  ])('%s: it alone ends, and is back', async (deed, reason) => {
    const { restarts = 0 } = (await child()) ?? {};
    const first = Number(said((await tell('pid')).text));
    const [answer, other] = await Promise.all([tell(deed), echoes()]);
    expect(other).toBe(true);
    expect(answer.status).toBe(503);
    expect(answer.text).toContain('PLUGIN_PROCESS_DOWN');
    expect(answer.text).toContain('plugin \\"wicked\\"');
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await back()).toBeLessThan(5_000);
    const second = await child();
    expect(second).toMatchObject({ state: 'ready', restarts: restarts + 1 });
    expect(second?.lastExit?.reason).toMatch(reason);
    expect(second?.pid).not.toBe(first);
    expect(runs(first)).toBe(false);
    expect(Number(said((await tell('pid')).text))).toBe(second?.pid);
  });

  test('each end is told as a fault of its own', async () => {
    const reply = await fetch(`${gateway.url}/v1/health`, {
      headers: { authorization: `Bearer ${KEY}` },
    });
    const { plugins } = (await reply.json()) as { readonly plugins: readonly object[] };
    expect(plugins).toContainEqual(
      expect.objectContaining({
        instanceId: 'wicked',
        faults: expect.objectContaining({
          byPlace: expect.objectContaining({ child: 5 }),
          last: expect.objectContaining({ where: 'child' }),
        }),
      }),
    );
  });

  test('other targets answer for it meanwhile', async () => {
    expect(said((await tell('exit', 'both')).text)).toBe('exit');
    expect(await echoes()).toBe(true);
    await back();
  });

  test('all of its threads stand back from the gateway, and its session does', async () => {
    const { pid = 0 } = (await child()) ?? {};
    const behind = Math.min(19, os.getPriority() + 15);
    const threads = readdirSync(`/proc/${pid}/task`).map((thread) =>
      os.getPriority(Number(thread)),
    );
    expect(new Set(threads)).toEqual(new Set([behind]));
    const session = `/proc/${pid}/autogroup`;
    const told = existsSync(session) ? readFileSync(session, 'utf8') : `nice ${behind}`;
    expect(told.trim()).toMatch(new RegExp(`nice ${behind}$`));
  });

  test('it sees of the environment what its manifest names', async () => {
    const names = said((await tell('env')).text).split(',');
    expect(names).toContain('WICKED_MAY_SEE');
    expect(names).not.toContain('WICKED_MAY_NOT');
  });

  test('another configuration is another process; a stream ends in the former one', async () => {
    const former = Number(said((await tell('pid')).text));
    const stream = tell('slow', 'wicked/m', true);
    await sleep(200);
    shop.config(text({ config: { baseUrl: 'http://127.0.0.1:9/other' } }));
    await until(async () => Number(said((await tell('pid')).text)) !== former);
    expect((await stream).text).toMatch(/n29[^]*\[DONE\]/u);
    await until(() => !runs(former));
    const latter = Number(said((await tell('pid')).text));
    shop.config(text({ enabled: false }));
    await until(() => !runs(latter));
    expect((await tell('pid')).status).toBe(503);
    shop.config(text({}));
    await back();
  });

  test('a gateway that ends has the plugin stop, and its process with it', async () => {
    const { pid = 0 } = (await child()) ?? {};
    gateway.kill('SIGTERM');
    await gateway.ended;
    const lines = gateway.log().filter(({ name }) => name === 'wicked');
    expect(lines.map(({ message }) => message).slice(-2)).toEqual(['stopped', 'released']);
    expect(runs(pid)).toBe(false);
  });

  test.each(['pid', 'loop'])(
    'a gateway that is killed leaves no process behind: %s',
    async (deed) => {
      gateway = await shop.start(['--config', config]);
      const { pid = 0 } = (await child()) ?? {};
      expect(runs(pid)).toBe(true);
      const answer = tell(deed).catch(() => undefined);
      await sleep(200);
      gateway.kill('SIGKILL');
      await gateway.ended;
      await until(() => !runs(pid));
      await answer;
    },
  );
});

async function echoes(): Promise<boolean> {
  const reply = await ask(gateway, 'still here');
  return reply.status === 200;
}
