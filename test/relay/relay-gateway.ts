import { setTimeout as later } from 'node:timers/promises';
import { startTestGateway } from '@cliproxy/plugin-testkit';
import type { TestGateway } from '@cliproxy/plugin-testkit';
import plugin from '@cliproxy/plugin-aistudio-relay';

/** The relay token of test gateways. */
export const RELAY_TOKEN = 'relay-token-0123456789abcdef';

/** A gateway with the relay in front of a local upstream. */
export async function startRelayGateway(
  upstream: string,
  more: { readonly server?: object; readonly config?: object } = {},
): Promise<TestGateway> {
  return startTestGateway({
    plugins: [
      {
        plugin,
        packageJson: new URL('../../plugins/aistudio-relay/package.json', import.meta.url),
        config: { relayTokens: [RELAY_TOKEN], baseUrl: upstream, ...more.config },
      },
    ],
    config: {
      server: {
        port: 0,
        apiKeys: ['test-client-key-0123456789'],
        adminKeys: ['test-admin-key-0123456789'],
        drainMs: 1000,
        ...more.server,
      },
    },
  });
}

/** Waits until as many pages serve. */
export async function untilPages(gateway: TestGateway, count: number): Promise<void> {
  await until(async () => (await usablePages(gateway)) === count);
}

/** Waits for a condition, as long as a test may take. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await later(20);
}

async function usablePages(gateway: TestGateway): Promise<number> {
  const answer = await gateway.ask('/v1/auth/aistudio/status', { admin: true });
  const { accounts } = (await answer.json()) as { accounts: readonly { state: string }[] };
  return accounts.filter(({ state }) => state === 'usable').length;
}
