import { setTimeout as sleep } from 'node:timers/promises';
import type {
  PageSpec,
  ProfileState,
  ProfileStatus,
  ServiceSettings,
} from '../browser/messages.ts';
import { cookieSession } from './find-session.ts';
import { openBrowser } from './open-browser.ts';
import type { OpenBrowser } from './open-browser.ts';
import { Frozen, PageWatch, SignedOut } from './page-watch.ts';
import type { ProfileFolder } from './profile-folder.ts';

/** What a {@link PageKeeper} works with. */
export interface PageKeeperOptions {
  readonly spec: PageSpec;
  readonly settings: Pick<ServiceSettings, 'executablePath' | 'headless' | 'signIn'>;
  readonly folder: ProfileFolder;
  readonly applet: () => Promise<string>;
  readonly onStatus: (status: ProfileStatus) => void;
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;
/** A page that worked this long begins anew with its retries. */
const HEALTHY_MS = 60_000;
const SESSION_LOOK_MS = 60_000;

/** Keeps a profile's page open, through crashes of page and browser, for as long as it runs. */
export class PageKeeper {
  readonly #options: PageKeeperOptions;
  #run: { readonly leaving: AbortController; readonly over: Promise<void> } | undefined;
  #openSinceMs: number | undefined;
  #status: ProfileStatus = { state: 'opening', sinceMs: Date.now(), detail: '', restarts: 0 };

  constructor(options: PageKeeperOptions) {
    this.#options = options;
  }

  get status(): ProfileStatus {
    return this.#status;
  }

  start(): void {
    if (this.#run !== undefined) return;
    const leaving = new AbortController();
    this.#run = { leaving, over: this.#keep(leaving.signal) };
  }

  /** Closes the browser; what it holds is on disk then. */
  async stop(): Promise<void> {
    const run = this.#run;
    run?.leaving.abort();
    await run?.over;
    if (this.#run === run) this.#run = undefined;
  }

  /** Says why there is no page now. */
  tell(state: ProfileState, detail: string): void {
    this.#set({ state, detail });
  }

  /** Never rejects. */
  async #keep(signal: AbortSignal): Promise<void> {
    const { spec, log } = this.#options;
    const isLeft = (): boolean => signal.aborted;
    for (let failures = 0; !isLeft();) {
      this.#openSinceMs = undefined;
      const fault = await this.#live(signal).catch((error: unknown) => error);
      if (isLeft()) return;
      const why = fault instanceof Error ? fault.message : String(fault);
      if (fault instanceof SignedOut) {
        this.#set({ state: 'signed-out', detail: why });
        log('warn', `profile "${spec.profile}" is signed out: ${why}`);
        return;
      }
      if (this.#workedMs() > HEALTHY_MS) failures = 0;
      // After a first fault at once: it is most often one that is over.
      const waitMs =
        failures === 0 ? 0 : Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), MAX_RETRY_MS);
      failures += 1;
      this.#again(why);
      log('warn', `profile "${spec.profile}": ${why}; it is opened again in ${waitMs / 1000} s`);
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** One life of a browser. @throws Error why it has ended. */
  async #live(signal: AbortSignal): Promise<void> {
    const { spec, settings, folder, log } = this.#options;
    if (!(await folder.exists())) throw new SignedOut('nobody has signed in yet');
    this.#set({
      state: this.#status.restarts > 0 ? 'retrying' : 'opening',
      detail: 'the browser starts',
    });
    const { executablePath, headless } = settings;
    const open = await openBrowser({ executablePath, visible: !headless, folder });
    const leaving = new AbortController();
    try {
      this.#set({ browserPid: open.pid, detail: 'the page opens' });
      await this.#checkSession(open);
      const [first] = await open.browser.pages();
      const watch = new PageWatch({
        page: first ?? (await open.browser.newPage()),
        spec,
        signal: AbortSignal.any([signal, leaving.signal]),
        applet: this.#options.applet,
        onConnected: () => {
          this.#openSinceMs ??= Date.now();
          this.#set({ state: 'open', detail: 'the page works' });
          log('info', `profile "${spec.profile}": the page works`);
        },
        onTrouble: (what) => {
          this.#again(what);
          log('warn', `profile "${spec.profile}": ${what}; it is loaded again`);
        },
      });
      await Promise.race([
        watch.run(),
        this.#sessionEnds(open, leaving.signal),
        open.gone.then(() => {
          throw new Error('the browser has ended');
        }),
      ]);
    } catch (error) {
      if (error instanceof Frozen) await open.kill();
      throw error;
    } finally {
      leaving.abort();
      await open.close();
      this.#set({ browserPid: undefined });
    }
  }

  /** @throws SignedOut once there is no session any more. */
  async #sessionEnds(open: OpenBrowser, signal: AbortSignal): Promise<void> {
    const isLeft = (): boolean => signal.aborted;
    while (!isLeft()) {
      const { sessionEndsMs = Infinity } = this.#status;
      const leftMs = Math.max(0, sessionEndsMs - Date.now()) + 100;
      await sleep(Math.min(SESSION_LOOK_MS, leftMs), undefined, { signal }).catch(() => undefined);
      if (!isLeft()) await this.#checkSession(open);
    }
  }

  async #checkSession({ browser }: OpenBrowser): Promise<void> {
    const { done } = this.#options.settings.signIn;
    const session = await cookieSession(browser, done, Date.now());
    if (session === undefined) {
      throw new SignedOut(
        `its session has ended, or was never begun (cookie ${done.cookie ?? ''})`,
      );
    }
    this.#set({ sessionEndsMs: session.endsMs });
  }

  #workedMs(): number {
    return this.#openSinceMs === undefined ? 0 : Date.now() - this.#openSinceMs;
  }

  #again(why: string): void {
    this.#set({ state: 'retrying', detail: why, restarts: this.#status.restarts + 1 });
  }

  #set(change: {
    readonly [K in keyof ProfileStatus]?: ProfileStatus[K] | undefined;
  }): void {
    const { browserPid, sessionEndsMs, ...rest } = { ...this.#status, ...change };
    const state = rest.state ?? this.#status.state;
    const turned = state !== this.#status.state;
    const next: ProfileStatus = {
      state,
      sinceMs: turned ? Date.now() : this.#status.sinceMs,
      detail: rest.detail ?? '',
      restarts: rest.restarts ?? 0,
      ...(sessionEndsMs === undefined ? {} : { sessionEndsMs }),
      ...(browserPid === undefined ? {} : { browserPid }),
    };
    if (JSON.stringify(next) === JSON.stringify(this.#status)) return;
    this.#status = next;
    this.#options.onStatus(next);
  }
}
