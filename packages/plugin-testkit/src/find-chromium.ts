import fs from 'node:fs';
import path from 'node:path';

/** A Chromium of this machine, as options for `puppeteer.launch()`. */
export interface TestChromium {
  readonly executablePath: string;
  readonly headless: true;
  /** The browser ends with the process that launched it, and opens no port. */
  readonly pipe: true;
  readonly args: string[];
}

/**
 * Looks for a Chromium to test with: where `PUPPETEER_EXECUTABLE_PATH` says, else by its usual names
 * on the `PATH`. Without one, tests skip themselves visibly:
 *
 * ```ts
 * const chromium = findChromium();
 * (chromium === undefined ? describe.skip : describe)('the page', () => {
 *   it('opens', async () => { const browser = await puppeteer.launch(chromium); … });
 * });
 * ```
 *
 * @throws Error where `CLIPROXY_REQUIRE_CHROMIUM` is set and there is none: a machine that is known to
 * have a browser must not skip what needs it.
 */
export function findChromium(
  environment: NodeJS.ProcessEnv = process.env,
): TestChromium | undefined {
  const executablePath = candidates(environment).find(isExecutable);
  if (executablePath === undefined) {
    if (environment['CLIPROXY_REQUIRE_CHROMIUM'] === undefined) return undefined;
    throw new Error(
      'CLIPROXY_REQUIRE_CHROMIUM is set, and there is no Chromium: install it ' +
        '(apt-get install chromium), or set PUPPETEER_EXECUTABLE_PATH',
    );
  }
  return { executablePath, headless: true, pipe: true, args: launchArguments() };
}

function candidates(environment: NodeJS.ProcessEnv): string[] {
  const named = environment['PUPPETEER_EXECUTABLE_PATH'];
  if (named !== undefined && named !== '') return [named];
  const folders = (environment['PATH'] ?? '').split(path.delimiter).filter(Boolean);
  return ['chromium', 'chromium-browser', 'google-chrome'].flatMap((name) =>
    folders.map((folder) => path.join(folder, name)),
  );
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

function launchArguments(): string[] {
  return [
    // Chromium has no sandbox for root, and refuses to start without being told to do without.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    '--disable-dev-shm-usage',
    '--no-first-run',
    // Nothing but what a test opens, on this machine.
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
    '--no-proxy-server',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
}
