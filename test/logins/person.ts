import type { Browser, Page } from 'puppeteer';

/** What a person sees. */
interface Seen {
  /** Of the page's answer; 0: there is none. */
  readonly status: number;
  readonly text: string;
}

/** Somebody with a browser of their own, who logs in at a vendor's pages. */
export interface Person {
  readonly name: string;
  /** Opens a page. */
  visit(url: string): Promise<Seen>;
  /** Opens a page that leads to the vendor's, logs in there, agrees, and looks where that ends. */
  logIn(url: string): Promise<Seen>;
  /** The same, up to where the vendor sends the browser to: that address is not opened. */
  logInUntil(url: string): Promise<string>;
  /** Says no at the vendor's page. */
  refuse(url: string): Promise<Seen>;
  /** Enters a device code at the page that shows it, and logs in. */
  enterCode(url: string, code: string): Promise<Seen>;
  leave(): Promise<void>;
}

const CALLBACK = /\/callback\?/;

/** @param name - what they enter as their login. */
export async function aPerson(browser: Browser, name: string): Promise<Person> {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  let until: ((url: string) => void) | undefined;
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    if (until !== undefined && CALLBACK.test(request.url()) && request.isNavigationRequest()) {
      until(request.url());
      void request.abort();
    } else void request.continue();
  });

  const visit = async (url: string): Promise<Seen> => {
    const reply = await page.goto(url);
    return { status: reply?.status() ?? 0, text: await textOf(page) };
  };
  /** Presses a button and waits for the page that it leads to. */
  const press = async (selector: string): Promise<Seen> => {
    const [reply] = await Promise.all([page.waitForNavigation(), page.click(selector)]);
    return { status: reply?.status() ?? 0, text: await textOf(page) };
  };
  const logInHere = async (): Promise<Seen> => {
    let seen: Seen = { status: 0, text: '' };
    if ((await page.$('input[name=login]')) !== null) {
      await page.type('input[name=login]', name);
      await page.type('input[name=password]', 'any');
      seen = await press('button[type=submit]');
    }
    if ((await page.$('input[name=prompt][value=consent]')) === null) return seen;
    return press('button[type=submit]');
  };

  return {
    name,
    visit,
    logIn: async (url) => {
      const seen = await visit(url);
      const end = await logInHere();
      return end.text === '' ? seen : end;
    },
    logInUntil: async (url) => {
      const ended = new Promise<string>((resolve) => (until = resolve));
      const broken = (error: Error): Seen => ({ status: 0, text: error.message });
      await visit(url).catch(broken);
      await logInHere().catch(broken);
      const back = await ended;
      until = undefined;
      return back;
    },
    refuse: async (url) => {
      await visit(url);
      return press('a[href$="/abort"]');
    },
    enterCode: async (url, code) => {
      await page.goto(url);
      // An address that holds the code leads there by itself.
      if (!url.includes(code)) {
        await page.type('input[name=user_code]', code);
        await page.click('button[type=submit]');
      }
      await page.waitForSelector('[id="op.deviceConfirmForm"]');
      await press('button[autofocus]');
      return logInHere();
    },
    leave: () => context.close(),
  };
}

function textOf(page: Page): Promise<string> {
  return page.$eval('body', ({ innerText }) => innerText);
}
