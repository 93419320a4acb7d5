import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startTestGateway, startVendor } from '@cliproxy/plugin-testkit';
import type { TestGateway, Vendor } from '@cliproxy/plugin-testkit';
import { PROVIDERS } from '../matrix/pair.ts';

const KEYS = ['key-a-0123456789', 'key-b-0123456789', 'key-c-0123456789'];
const claude = PROVIDERS.find(({ dialect }) => dialect === 'anthropic-messages')!;

interface AccountHealth {
  readonly state: string;
  readonly reason?: string;
  readonly untilMs?: number;
  readonly retryInMs?: number;
}

let vendor: Vendor;
let gateway: TestGateway;

beforeEach(async () => {
  vendor = await startVendor(claude.dialect);
  const mounted = claude.mount(vendor.url);
  gateway = await startTestGateway({
    plugins: [{ ...mounted, config: { ...mounted.config, apiKeys: KEYS } }],
  });
});

afterEach(async () => {
  await gateway.stop();
  await vendor.close();
});

async function accounts(): Promise<readonly AccountHealth[]> {
  const answer = await gateway.ask('/v1/health');
  const { plugins } = (await answer.json()) as {
    readonly plugins: readonly { readonly accounts: readonly AccountHealth[] }[];
  };
  return plugins.flatMap((plugin) => plugin.accounts);
}

test('while accounts go out one after another, each is seen in, or out with its reason and end', async () => {
  vendor.script({ error: { status: 429, retryAfter: 30 } });
  const ask = () =>
    gateway.ask('/v1/messages', {
      body: { model: claude.model, max_tokens: 9, messages: [{ role: 'user', content: 'x' }] },
    });
  const asked = Promise.all(Array.from({ length: 40 }, ask));
  const seen: (readonly AccountHealth[])[] = [];
  let over = false;
  const settled = asked.then(() => {
    over = true;
  });
  while (!over as boolean) seen.push(await accounts());
  await settled;
  seen.push(await accounts());
  for (const snapshot of seen) {
    expect(snapshot).toHaveLength(KEYS.length);
    for (const { state, reason, untilMs, retryInMs } of snapshot) {
      if (state === 'usable')
        expect([reason, untilMs, retryInMs]).toEqual(Array(3).fill(undefined));
      else {
        expect(state).toBe('cooling');
        expect(reason).toMatch(/\S/u);
        expect(untilMs).toBeGreaterThan(Date.now());
        expect(retryInMs).toBeLessThanOrEqual(30_000);
      }
    }
  }
  expect(seen.at(-1)?.map(({ state }) => state)).toEqual(KEYS.map(() => 'cooling'));
  // No account was asked once more after it had said no.
  const answers = await asked;
  expect(answers.every(({ status }) => status === 429)).toBe(true);
});
