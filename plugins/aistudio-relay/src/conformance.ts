import type {
  ClientSocket,
  Conformance,
  ConformanceUpstream,
  Fakes,
} from '@cliproxy/plugin-testkit';
import { credentialPrefixes, SUBPROTOCOL_V2 } from './envelope/v2.ts';
import { NodePage } from './node-page.ts';
import { pageKey } from './relay/pages.ts';
import { RELAY_PATH } from './relay/relay-endpoint.ts';
import { grantOf } from './relay/relay-tokens.ts';

/**
 * How the plugin is checked: with pages of version 2 that have no browser, one for each relay token,
 * and a fake of Gemini's API behind them.
 */
const conformance: Conformance = {
  upstream: startPages,
  config: ({ url, credentials }) => ({ relayTokens: credentials, baseUrl: url }),
};
export default conformance;

const ORIGIN = 'https://aistudio.google.com';
/** A page that nothing is asked of has been turned away. */
const FIRST_WORD_MS = 5_000;

async function startPages({ startVendor, openClientSocket }: Fakes): Promise<ConformanceUpstream> {
  const vendor = await startVendor('gemini');
  const tokens = [made(), made()];
  const open = new Set<ClientSocket>();

  /** Connects, and waits until the gateway has asked it for its models: then it is an account. */
  const come = async (gateway: string, token: string): Promise<void> => {
    let heard: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (heard = resolve));
    const page = new NodePage(
      // What the vendor knows whoever is signed in by; so that it is seen which page has asked.
      { clientId: clientOf(token), headers: { 'x-goog-api-key': token } },
      (data) => socket?.send(data),
    );
    const shown = `${credentialPrefixes.token}${Buffer.from(token).toString('base64url')}`;
    let socket: ClientSocket | undefined;
    try {
      socket = await openClientSocket(gateway + RELAY_PATH, {
        origin: ORIGIN,
        protocols: [SUBPROTOCOL_V2, shown],
        onMessage: (data, isBinary) => {
          page.received(data, isBinary);
          if (page.asked.length > 0) heard();
        },
      });
    } catch {
      // The configuration that is checked has another token, or none.
      return;
    }
    open.add(socket);
    void socket.closed.then(() => page.stop());
    page.greet();
    const timer = setTimeout(heard, FIRST_WORD_MS);
    await Promise.race([asked, socket.closed]);
    clearTimeout(timer);
  };

  return {
    url: vendor.url,
    requests: vendor.requests,
    violations: vendor.violations,
    credentials: tokens,
    // Here the pages are in the same process.
    connectsTo: [vendor.url],
    fault: (fault) => vendor.fault(fault),
    meet: async (gateway) => {
      await Promise.all(tokens.map((token) => come(gateway, token)));
    },
    accountOf: (token) => `checked/${pageKey(grantOf(token), clientOf(token))}`,
    async close() {
      for (const socket of open) socket.end();
      await vendor.close();
    },
  };
}

function made(): string {
  return crypto.randomUUID().replaceAll('-', '');
}

function clientOf(token: string): string {
  return `page-${grantOf(token)}`;
}
