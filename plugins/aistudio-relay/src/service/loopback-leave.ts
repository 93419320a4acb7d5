import type { Browser, CDPSession } from 'puppeteer';

/** What Chromium has called it over time; a version knows some of them. */
const NAMES = ['loopback-network', 'local-network', 'local-network-access'];

/**
 * Lets configured pages of the internet connect to a gateway on this machine. Chromium would ask
 * whoever looks at it; the operator has said so by naming the page in the configuration.
 *
 * @see https://developer.chrome.com/blog/local-network-access
 */
export class LoopbackLeave {
  readonly #session: CDPSession;
  readonly #given = new Set<string>();

  private constructor(session: CDPSession) {
    this.#session = session;
  }

  /** Leave holds as long as the browser: it ends with the session that gave it. */
  static async of(browser: Browser): Promise<LoopbackLeave> {
    return new LoopbackLeave(await browser.target().createCDPSession());
  }

  /** @param address - of a page or a frame; its whole origin is given leave. */
  async give(address: string): Promise<void> {
    const origin = URL.canParse(address) ? new URL(address).origin : 'null';
    if (origin === 'null' || this.#given.has(origin)) return;
    this.#given.add(origin);
    for (const name of NAMES) {
      await this.#session
        .send('Browser.setPermission', { permission: { name }, setting: 'granted', origin })
        .catch(() => undefined);
    }
  }
}
