import type { Browser, Page } from 'puppeteer';
import type { SignInSpec } from '../browser/messages.ts';
import { fitsAddress } from './address-pattern.ts';

/** A session at the vendor. */
export interface Session {
  /** When it ends, in milliseconds since 1970; absent: the vendor does not say. */
  readonly endsMs?: number;
}

/** The session that a browser's profile holds, as far as cookies tell. */
export async function cookieSession(
  browser: Browser,
  { cookie }: SignInSpec['done'],
  nowMs: number,
): Promise<Session | undefined> {
  if (cookie === undefined) return {};
  const found = (await browser.cookies()).filter(
    ({ name, value }) => name === cookie && value !== '',
  );
  const ends = found.map(({ expires }) => (expires > 0 ? expires * 1000 : Infinity));
  const endsMs = Math.max(...ends);
  if (found.length === 0 || endsMs <= nowMs) return undefined;
  return Number.isFinite(endsMs) ? { endsMs: Math.round(endsMs) } : {};
}

/** The session, once a page shows that it is there. */
export async function shownSession(
  page: Page,
  done: SignInSpec['done'],
  nowMs: number,
): Promise<Session | undefined> {
  if (done.url !== undefined && !fitsAddress(done.url, page.url())) return undefined;
  if (done.selector !== undefined && (await page.$(done.selector)) === null) return undefined;
  return cookieSession(page.browser(), done, nowMs);
}
