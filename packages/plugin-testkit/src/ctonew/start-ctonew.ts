import { startLoopbackServer } from '../loopback-server.ts';
import { startVendor } from '../upstreams/start-vendor.ts';
import type { Vendor } from '../upstreams/vendor.ts';
import { CtonewAccount } from './ctonew-account.ts';
import { FakeClerk } from './fake-clerk.ts';
import { FakeEngineLabs } from './fake-engine-labs.ts';

/** What cto.new offers unless told otherwise. */
const MODELS = ['claude-sonnet-4-5', 'gpt-5'];
const ADAPTERS = ['ClaudeSonnet4_5', 'GPT5'];

/** Fakes of the services behind cto.new, with one account: real HTTP and WebSocket on loopback. */
export interface Ctonew {
  readonly clerkUrl: string;
  readonly apiUrl: string;
  readonly account: CtonewAccount;
  readonly clerk: FakeClerk;
  readonly engineLabs: FakeEngineLabs;
  /** What answers the command line's chats. */
  readonly commandLine: Vendor;
  /** Content of the command line's credentials file. */
  credentialsFile(): string;
  /** In words, all that one of the services would have refused. */
  violations(): readonly string[];
  /** Breaks what is open and frees the ports. */
  close(): Promise<void>;
}

/** Starts the services on free ports of 127.0.0.1. */
export async function startCtonew(): Promise<Ctonew> {
  const account = new CtonewAccount();
  const clerk = new FakeClerk(account);
  const commandLine = await startVendor('openai-chat', { models: MODELS });
  const engineLabs = new FakeEngineLabs(account, commandLine, ADAPTERS);
  const clerkServer = await startLoopbackServer((request, answer) => clerk.serve(request, answer));
  const apiServer = await startLoopbackServer(
    (request, answer) => engineLabs.serve(request, answer),
    (request, socket, head) => engineLabs.upgrade(request, socket, head),
  );
  return {
    clerkUrl: clerkServer.url,
    apiUrl: apiServer.url,
    account,
    clerk,
    engineLabs,
    commandLine,
    credentialsFile: () =>
      JSON.stringify({
        accessToken: 'cto_at_that_has_expired',
        refreshToken: account.refreshToken,
        expiresAt: 1_700_000_000_000,
      }),
    violations: () => [...clerk.violations, ...engineLabs.violations, ...commandLine.violations],
    async close() {
      engineLabs.close();
      await Promise.all([clerkServer.close(), apiServer.close(), commandLine.close()]);
    },
  };
}
