import type { Logger } from '@cliproxy/plugin-api';
import type { Clock } from '../ports/clock.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { AccountBook } from './account-book.ts';
import { readStandings, writeStandings } from './kept-standings.ts';

/** What a {@link StandingKeeper} works with. */
export interface StandingKeeperOptions {
  readonly store: StateStore;
  readonly book: Pick<AccountBook, 'keptStandings' | 'restore' | 'onChange'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly logger: Logger;
  /** From a change to its saving, in milliseconds. Default 1 s. */
  readonly delayMs?: number;
}

const DELAY_MS = 1_000;

/**
 * Lets what stands against accounts outlive the process: saved soon after a change and at the end.
 * A store that fails is told of in the log, and costs no request anything.
 */
export class StandingKeeper {
  readonly #options: StandingKeeperOptions;
  #restored: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #changed = false;
  /** One saving after another. */
  #saving: Promise<void> = Promise.resolve();
  #failing = false;
  #stopped = false;

  constructor(options: StandingKeeperOptions) {
    this.#options = options;
    options.book.onChange(() => {
      // The end of all accounts is none of what is to be kept.
      if (this.#stopped) return;
      this.#changed = true;
      this.#timer ??= setTimeout(this.#onTimer, options.delayMs ?? DELAY_MS).unref();
    });
  }

  /** Takes up what was saved, the first time only. Never rejects. */
  restore(): Promise<void> {
    this.#restored ??= this.#restore();
    return this.#restored;
  }

  /** Saves what is not saved yet. Never rejects. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#save();
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    void this.#save();
  };

  async #restore(): Promise<void> {
    const { store, book, clock, logger } = this.#options;
    try {
      const standings = readStandings(await store.load(), clock.now());
      book.restore(standings);
      if (standings.length === 0) return;
      logger.info('took up what stood against accounts before the start', {
        count: standings.length,
      });
    } catch (error) {
      logger.warn('could not read what stood against accounts; all of them are tried', { error });
    }
  }

  #save(): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      if (!this.#changed) return;
      this.#changed = false;
      const { store, book, clock, logger } = this.#options;
      try {
        await store.save(writeStandings(book.keptStandings(), clock.now()));
        this.#failing = false;
      } catch (error) {
        // With the next change it is tried again; a full disk is not told of a thousand times.
        this.#changed = true;
        if (this.#failing) return;
        this.#failing = true;
        logger.warn('could not save what stands against accounts', { error });
      }
    });
    return this.#saving;
  }
}
