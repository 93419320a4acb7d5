import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** What was looked for, and found. */
export type ChromiumSearch =
  | { readonly executablePath: string; readonly missing?: never }
  /** `missing` says what to do, in one sentence. */
  | { readonly missing: string; readonly executablePath?: never };

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/**
 * Looks for Chromium: what the configuration names, else what `PUPPETEER_EXECUTABLE_PATH` names, else
 * the usual names on the `PATH`. A name that leads nowhere is not passed over in silence.
 */
export function findChromium(
  configured: string | undefined,
  environment: NodeJS.ProcessEnv,
): ChromiumSearch {
  const variable = environment['PUPPETEER_EXECUTABLE_PATH'];
  const named =
    configured === undefined
      ? { file: variable === '' ? undefined : variable, by: 'PUPPETEER_EXECUTABLE_PATH' }
      : { file: configured, by: 'browser.executablePath' };
  if (named.file !== undefined) {
    if (isAbsolute(named.file) && isExecutable(named.file)) return { executablePath: named.file };
    return { missing: `${named.by} is ${JSON.stringify(named.file)}, which is no program here` };
  }
  const folders = (environment['PATH'] ?? '').split(delimiter).filter(Boolean);
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(
    isExecutable,
  );
  if (found !== undefined) return { executablePath: found };
  return {
    missing:
      `there is no Chromium on this machine (${NAMES.join(', ')} on the PATH): ` +
      'install it (apt-get install chromium), or name it by browser.executablePath',
  };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
