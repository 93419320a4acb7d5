import { setTimeout as sleep } from 'node:timers/promises';
import type { SignInSpec } from '../browser/messages.ts';
import { shownSession } from './find-session.ts';
import type { Session } from './find-session.ts';
import { openBrowser } from './open-browser.ts';
import type { ProfileFolder } from './profile-folder.ts';
import { LATE, within } from './within.ts';

/** What {@link signIn} works with. */
export interface SignInOptions {
  readonly executablePath: string;
  readonly spec: SignInSpec;
  readonly folder: ProfileFolder;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

const LOOK_MS = 500;
const ANSWER_MS = 15_000;
const LOAD_MS = 60_000;

/**
 * Opens a browser that a person can see, and waits until the session is there. Whatever the vendor
 * asks on the way, a check for robots as well, is the person's to answer.
 *
 * @throws Error whose message says what to do.
 */
export async function signIn(options: SignInOptions): Promise<Session> {
  const { executablePath, spec, folder, signal, progress } = options;
  checkDisplay();
  progress('The browser starts.');
  const open = await openBrowser({ executablePath, visible: true, folder });
  const { browser } = open;
  try {
    const [page = await browser.newPage()] = await browser.pages();
    progress(`A browser is open on this machine at ${spec.url}. Sign in there.`);
    await page.goto(spec.url, { waitUntil: 'domcontentloaded', timeout: LOAD_MS });
    let seen = '';
    for (;;) {
      signal.throwIfAborted();
      if (!browser.connected) {
        throw new Error('the browser was closed before anybody had signed in');
      }
      const looked = await within(ANSWER_MS, look(options, browser));
      if (looked === LATE) throw new Error('the browser does not answer any more');
      if (looked.session !== undefined) {
        progress('The session is there; the browser is closed, and keeps it.');
        return looked.session;
      }
      if (looked.at !== '' && looked.at !== seen) progress(`The browser is at ${looked.at}.`);
      seen = looked.at;
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    // Cookies are on disk only after a clean end.
    await open.close();
  }
}

type Browser = Awaited<ReturnType<typeof openBrowser>>['browser'];

async function look(
  { spec }: SignInOptions,
  browser: Browser,
): Promise<{ readonly session: Session | undefined; readonly at: string }> {
  let at = '';
  // The vendor may go on in another tab.
  for (const page of await browser.pages().catch(() => [])) {
    // A page that is just being left can't be asked.
    const session = await shownSession(page, spec.done, Date.now()).catch(() => undefined);
    if (session !== undefined) return { session, at };
    const address = page.url();
    if (URL.canParse(address) && /^https?:/.test(address)) at = new URL(address).origin;
  }
  return { session: undefined, at };
}

function checkDisplay(): void {
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  if (process.platform !== 'linux' || `${DISPLAY ?? ''}${WAYLAND_DISPLAY ?? ''}` !== '') return;
  throw new Error(
    'no display: a person has to see the browser. Start cliproxy in a desktop session, with DISPLAY ' +
      'set, or under `ssh -X`',
  );
}
