/** Logins as a person sees them: a gateway in a process of its own, and a real browser. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findChromium } from '@cliproxy/plugin-testkit';
import puppeteer from 'puppeteer';
import type { Browser } from 'puppeteer';
import { ADMIN_KEY, KEY, openWorkshop, prepareOnce } from '../process/gateway-process.ts';
import type { GatewayProcess, Workshop } from '../process/gateway-process.ts';

const TIME_MS = 120_000;
const chromium = findChromium();
let shop: Workshop;
let gateway: GatewayProcess;
let browser: Browser;

(chromium === undefined ? describe.skip : describe)('in a browser', () => {
  beforeAll(async () => {
    prepareOnce();
    shop = openWorkshop();
    shop.config(
      `{ server: { port: 0, apiKeys: [${KEY}], adminKeys: [${ADMIN_KEY}] }, plugins: { llmux-claude: {} } }`,
    );
    gateway = await shop.start(['--config', 'config.yaml']);
    browser = await puppeteer.launch(chromium);
  }, TIME_MS);
  afterAll(async () => {
    await browser.close();
    shop.clear();
  }, TIME_MS);

  test("the end of a login that nobody began is refused in a person's words", async () => {
    const page = await browser.newPage();
    await page.goto(`${gateway.url}/v1/auth/llmux-claude/callback?code=a-code&state=foreign`);
    const text = await page.$eval('body', ({ innerText }) => innerText);
    expect(text).toContain('Not a login of this gateway');
    expect(text).toContain('Start the login again');
    expect(text).not.toContain('a-code');
  });
});
