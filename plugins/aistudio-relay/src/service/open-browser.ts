import { setTimeout as sleep } from 'node:timers/promises';
import puppeteer from 'puppeteer';
import type { Browser } from 'puppeteer';
import { endBrowser } from './end-browser.ts';
import type { ProfileFolder } from './profile-folder.ts';

/** A browser that has a profile open. */
export interface OpenBrowser {
  readonly browser: Browser;
  readonly pid: number;
  /** Resolves once its process is gone, whatever the reason. */
  readonly gone: Promise<void>;
  /** Closes it so that what it holds is on disk; by force where it does not answer. */
  close(): Promise<void>;
  /** Ends it at once: it is frozen. */
  kill(): Promise<void>;
}

/** How to open one. */
export interface OpenBrowserOptions {
  readonly executablePath: string;
  readonly visible: boolean;
  readonly folder: ProfileFolder;
}

const LAUNCH_MS = 30_000;
const CLOSE_MS = 5_000;

/**
 * Opens a browser with a profile; one that a former service left behind is ended first.
 *
 * @throws Error whose message says what to do.
 */
export async function openBrowser(options: OpenBrowserOptions): Promise<OpenBrowser> {
  const { executablePath, visible, folder } = options;
  await folder.make();
  await folder.endLeftover();
  const browser = await launch(executablePath, visible, folder.path);
  const child = browser.process();
  const pid = child?.pid;
  if (child === null || pid === undefined) throw new Error('the browser has no process');
  const owner = await folder.claim(pid);
  const gone = new Promise<void>((resolve) => {
    const over = (): void => void folder.release().then(resolve, resolve);
    if (child.exitCode !== null || child.signalCode !== null) over();
    else child.once('exit', over);
  });
  const kill = async (): Promise<void> => {
    await endBrowser(owner);
    await gone;
  };
  return {
    browser,
    pid,
    gone,
    kill,
    close: async () => {
      const leaving = new AbortController();
      const asked = browser.close().catch(() => undefined);
      const late = sleep(CLOSE_MS, undefined, { signal: leaving.signal }).catch(() => undefined);
      await Promise.race([Promise.all([asked, gone]), late]);
      leaving.abort();
      await kill();
    },
  };
}

async function launch(
  executablePath: string,
  visible: boolean,
  userDataDir: string,
): Promise<Browser> {
  try {
    return await puppeteer.launch({
      executablePath,
      headless: !visible,
      userDataDir,
      // The browser ends by itself when its service does, and opens no port that others could use.
      pipe: true,
      args: launchArguments(),
      defaultViewport: null,
      timeout: LAUNCH_MS,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    if (said.includes('already running')) {
      throw new Error(`another browser has the profile in ${userDataDir} open: close it`, {
        cause: error,
      });
    }
    const [first = ''] = said.split('\n');
    throw new Error(`${executablePath} could not be started: ${first}`, { cause: error });
  }
}

function launchArguments(): string[] {
  return [
    // Chromium has no sandbox for root, and refuses to start without being told to do without.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    '--disable-dev-shm-usage',
    '--no-first-run',
    '--no-default-browser-check',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-breakpad',
    // A page that nobody looks at is to work as fast as one in front.
    '--disable-background-timer-throttling',
    '--disable-renderer-backgrounding',
    '--disable-backgrounding-occluded-windows',
  ];
}
