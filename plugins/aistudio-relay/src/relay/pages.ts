import { createHash } from 'node:crypto';
import type { AccountRegistry, Logger } from '@cliproxy/plugin-api';
import { CLOSE_REPLACED } from '../envelope/v2.ts';
import type { PageSession } from './page-session.ts';
import type { Bearer } from './relay-tokens.ts';
import type { PageStatus } from './relay-view.ts';

/** What {@link Pages} works with. */
export interface PagesOptions {
  readonly instanceId: string;
  readonly accounts: AccountRegistry;
  readonly logger: Logger;
}

/**
 * The pages that are connected, each the page of one account. A page of a profile serves the account
 * that was logged in for it; any other is an account for as long as it is there.
 */
export class Pages {
  readonly #options: PagesOptions;
  readonly #pages = new Map<string, PageSession>();
  readonly #listeners = new Set<() => void>();

  constructor(options: PagesOptions) {
    this.#options = options;
  }

  /** The page of an account. */
  of(accountId: string): PageSession | undefined {
    return this.#pages.get(accountId.slice(this.#options.instanceId.length + 1));
  }

  /** The page of a profile. */
  ofProfile(profile: string): PageStatus | undefined {
    const status = this.#pages.get(profile)?.status;
    return status?.profile === profile ? status : undefined;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Lets a page work until its connection ends. */
  async serve(
    session: PageSession,
    { grant }: Bearer,
    messages: AsyncIterable<Buffer | string>,
  ): Promise<void> {
    const { profile, clientId, version } = session.status;
    const key = profile ?? pageKey(grant, clientId);
    const former = this.#pages.get(key);
    this.#pages.set(key, session);
    former?.close(CLOSE_REPLACED, 'the same page has connected again');
    // It is read from at once: what stays unread holds up the page.
    const run = session.run(messages);
    try {
      if (former === undefined) await this.#attach(profile, key, version);
      this.#tell();
      await run;
    } finally {
      await run;
      if (this.#pages.get(key) === session) {
        this.#pages.delete(key);
        await this.#detach(profile, key);
        this.#tell();
      }
    }
  }

  async #attach(profile: string | undefined, key: string, version: 1 | 2): Promise<void> {
    if (profile !== undefined) return;
    const label = `page ${key.slice('page-'.length)}, relay version ${version}`;
    await this.#options.accounts.attach({ key, label });
  }

  async #detach(profile: string | undefined, key: string): Promise<void> {
    if (profile !== undefined) return;
    const { accounts, instanceId } = this.#options;
    await accounts.detach(`${instanceId}/${key}`, 'the page has left');
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener();
      } catch (error) {
        this.#options.logger.error('a listener of pages threw', { error });
      }
    }
  }
}

/**
 * The account's key of a page without a profile. Known again by the same token alone: a page of another
 * one can't take its place.
 */
export function pageKey(grant: string, clientId: string): string {
  const digest = createHash('sha256').update(`${grant}\n${clientId}`).digest('hex');
  return `page-${digest.slice(0, 10)}`;
}
