import type { Browser } from 'puppeteer';

/** What Chromium has called it over time; a version knows some of them. */
const NAMES = ['loopback-network', 'local-network', 'local-network-access'];

/**
 * Lets a configured page of the internet connect to a gateway on this machine. Chromium would ask
 * whoever looks at it; the operator has said so by naming the page in the configuration.
 *
 * @see https://developer.chrome.com/blog/local-network-access
 */
export async function giveLoopbackLeave(browser: Browser, address: string): Promise<void> {
  const origin = URL.canParse(address) ? new URL(address).origin : 'null';
  if (origin === 'null') return;
  const session = await browser.target().createCDPSession();
  for (const name of NAMES) {
    await session
      .send('Browser.setPermission', { permission: { name }, setting: 'granted', origin })
      .catch(() => undefined);
  }
  await session.detach();
}
