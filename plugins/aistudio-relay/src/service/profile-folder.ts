import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endBrowser } from './end-browser.ts';
import type { BrowserProcess } from './end-browser.ts';
import { processStart } from './process-start.ts';

/**
 * A browser profile on disk: it holds a person's session, so nobody else may look into it. Beside it
 * stands which browser has it open, so that one that outlived its service is found.
 */
export class ProfileFolder {
  readonly path: string;
  readonly #record: string;
  readonly #root: string;

  /** @param root - the folder of all profiles. @param name - letters, digits, `.`, `_` and `-`. */
  constructor(root: string, name: string) {
    this.#root = root;
    this.path = join(root, name);
    this.#record = join(root, `${name}.browser.json`);
  }

  /** Whether anybody ever signed in with it. */
  async exists(): Promise<boolean> {
    const found = await stat(this.path).catch(() => undefined);
    return found?.isDirectory() === true;
  }

  async make(): Promise<void> {
    await mkdir(this.#root, { recursive: true, mode: 0o700 });
    await mkdir(this.path, { recursive: true, mode: 0o700 });
  }

  /** Forgets the session and everything else. */
  async clear(): Promise<void> {
    // A browser that is just ending may still write.
    await rm(this.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  /** Remembers who has the profile open. */
  async claim(pid: number): Promise<BrowserProcess> {
    const owner = { pid, start: (await processStart(pid)) ?? '' };
    await writeFile(this.#record, JSON.stringify(owner), { mode: 0o600 });
    return owner;
  }

  async release(): Promise<void> {
    await rm(this.#record, { force: true });
  }

  /** Ends the browser of a former service, if it still runs. @returns its id. */
  async endLeftover(): Promise<number | undefined> {
    const owner = await this.#owner();
    if (owner === undefined) return undefined;
    const ended = await endBrowser(owner);
    await this.release();
    return ended ? owner.pid : undefined;
  }

  async #owner(): Promise<BrowserProcess | undefined> {
    try {
      const { pid, start } = JSON.parse(await readFile(this.#record, 'utf8')) as BrowserProcess;
      return Number.isSafeInteger(pid) && pid > 1 && start !== '' ? { pid, start } : undefined;
    } catch {
      return undefined;
    }
  }
}
