import { setTimeout as sleep } from 'node:timers/promises';
import type { Frame, Page } from 'puppeteer';
import type { PageSpec } from '../browser/messages.ts';
import { fitsAddress } from './address-pattern.ts';
import { LoopbackLeave } from './loopback-leave.ts';
import { LATE, within } from './within.ts';

/** What a {@link PageWatch} works with. */
export interface PageWatchOptions {
  readonly page: Page;
  readonly spec: PageSpec;
  readonly signal: AbortSignal;
  /** The text to run in the page, with a new ticket. */
  readonly applet: () => Promise<string>;
  /** The page works for the gateway from now on. */
  readonly onConnected: () => void;
  /** Something went wrong, and the same browser went on. */
  readonly onTrouble: (what: string) => void;
}

/** A page that a person has to look at. */
export class SignedOut extends Error {}

/** A browser that does not answer; it has to be ended by force. */
export class Frozen extends Error {}

const LOOK_MS = 1_500;
/** A page that answers nothing for this long is frozen. */
const ANSWER_MS = 15_000;
const LOAD_MS = 30_000;
/** A frame, or the way back from a vendor's sign-in pages, may take this long. */
const APPEAR_MS = 20_000;
/** A page that is not connected after this time is given a new ticket. */
const CONNECT_MS = 10_000;
const MAX_CRASHES = 3;
const ASK =
  "document.readyState === 'loading' ? 'loading' : (globalThis.cliproxyRelay?.status?.state ?? 'bare')";

/** Keeps one page of a running browser at work: opens it, puts the text in, and asks how it does. */
export class PageWatch {
  readonly #options: PageWatchOptions;
  #leave: LoopbackLeave | undefined;
  #crashes = 0;
  #crashed = false;
  #poke: () => void = () => undefined;
  /** When the page was given its ticket, and whether it has connected with it. */
  #given: { readonly atMs: number; connected: boolean } | undefined;
  #awaySinceMs: number | undefined;

  constructor(options: PageWatchOptions) {
    this.#options = options;
    options.page.on('error', () => {
      this.#crashed = true;
      this.#poke();
    });
    options.page.on('framenavigated', () => this.#poke());
    options.page.once('close', () => this.#poke());
    options.page.browser().once('disconnected', () => this.#poke());
  }

  /**
   * Works until the signal ends it.
   *
   * @throws SignedOut, Frozen, or an Error that says why the browser has to be opened again.
   */
  async run(): Promise<void> {
    const { page, spec, signal } = this.#options;
    this.#leave = await LoopbackLeave.of(page.browser());
    await this.#leave.give(spec.url);
    await this.#visit(() =>
      page.goto(spec.url, { waitUntil: 'domcontentloaded', timeout: LOAD_MS }),
    );
    while (!signal.aborted) {
      if (!page.browser().connected) throw new Error('the browser has ended');
      if (page.isClosed()) throw new Error('the page was closed');
      if (this.#crashed) await this.#afterCrash();
      await this.#look();
      await this.#pause();
    }
  }

  async #look(): Promise<void> {
    const frame = this.#frame();
    if (frame === undefined) return;
    const state = await this.#ask(frame, ASK);
    switch (state) {
      case undefined:
      case 'loading':
        return;
      case 'connected':
        if (this.#given?.connected === false) {
          this.#given.connected = true;
          this.#options.onConnected();
        }
        return;
      case 'bare':
        await this.#giveTicket(frame);
        return;
      default:
        if (this.#given === undefined || Date.now() - this.#given.atMs > CONNECT_MS) {
          await this.#giveTicket(frame);
        }
    }
  }

  async #giveTicket(frame: Frame): Promise<void> {
    await this.#leave?.give(frame.url());
    const text = await this.#options.applet();
    this.#given = { atMs: Date.now(), connected: false };
    await this.#ask(frame, text);
    // It connects within milliseconds; no need to wait for the next look.
    setTimeout(() => this.#poke(), 100);
  }

  /** @returns `undefined` where the frame has gone meanwhile. */
  async #ask(frame: Frame, script: string): Promise<unknown> {
    let unwatch = (): void => undefined;
    const crashed = new Promise<undefined>((resolve) => {
      const { page } = this.#options;
      const over = (): void => resolve(undefined);
      page.once('error', over);
      unwatch = () => void page.off('error', over);
    });
    const work = Promise.race([frame.evaluate(script).catch(() => undefined), crashed]);
    const answer = await within(ANSWER_MS, work);
    unwatch();
    if (answer === LATE) throw new Frozen(`the page gave no sign for ${ANSWER_MS / 1000} s`);
    return answer;
  }

  async #afterCrash(): Promise<void> {
    this.#crashed = false;
    this.#crashes += 1;
    if (this.#crashes > MAX_CRASHES) throw new Error('the page crashes again and again');
    this.#options.onTrouble('the page crashed');
    const { page } = this.#options;
    await this.#visit(() => page.reload({ waitUntil: 'domcontentloaded', timeout: LOAD_MS }));
  }

  async #visit(go: () => Promise<unknown>): Promise<void> {
    try {
      await go();
    } catch (error) {
      if (this.#options.signal.aborted) return;
      const said = error instanceof Error ? error.message : String(error);
      throw new Error(`${this.#options.spec.url} does not open: ${said}`, { cause: error });
    }
  }

  /** The frame that asks the vendor, once it is there. */
  #frame(): Frame | undefined {
    const { page, spec } = this.#options;
    const home = new URL(spec.url).origin;
    const { frame: pattern } = spec;
    const isHome = originOf(page.url()) === home;
    const found =
      pattern === undefined
        ? page.mainFrame()
        : page.frames().find((frame) => fitsAddress(pattern, frame.url()));
    if (isHome && found !== undefined) {
      this.#awaySinceMs = undefined;
      return found;
    }
    this.#awaySinceMs ??= Date.now();
    if (Date.now() - this.#awaySinceMs < APPEAR_MS) return undefined;
    if (!isHome) throw new SignedOut(`the page has gone to ${originOf(page.url())}`);
    throw new Error(`the page shows no frame whose address is like ${pattern ?? ''}`);
  }

  async #pause(): Promise<void> {
    const { signal } = this.#options;
    const leaving = new AbortController();
    const poked = new Promise<void>((resolve) => (this.#poke = resolve));
    const time = sleep(LOOK_MS, undefined, {
      signal: AbortSignal.any([signal, leaving.signal]),
    }).catch(() => undefined);
    await Promise.race([poked, time]);
    leaving.abort();
  }
}

function originOf(address: string): string {
  return URL.canParse(address) ? new URL(address).origin : address;
}
