import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';
import type { Account, Authenticator, LoginSession } from '@cliproxy/plugin-api';
import { sentenceOf } from '../accounts/account-work.ts';
import type { Clock } from '../ports/clock.ts';
import type { SecretRegistry } from '../ports/secret-registry.ts';
import { donePage, failedPage, loginPages } from './login-page.ts';
import type { LoginPlace } from './login-place.ts';
import type { LoginState, LoginView } from './login-view.ts';
import type { LoginPage, LoginWish } from './logins.ts';
import { readPaste } from './pasted-callback.ts';
import type { CallbackQuery } from './pasted-callback.ts';
import type { RedirectListeners } from './redirect-listeners.ts';

/** What a {@link Login} works with. */
export interface LoginOptions {
  readonly wish: LoginWish;
  readonly authenticator: Authenticator;
  readonly previous: Account | undefined;
  /** The running instance; asked again at the end, since it may have been replaced meanwhile. */
  readonly place: () => LoginPlace;
  readonly listeners: RedirectListeners;
  readonly clock: Clock;
  readonly secrets: SecretRegistry;
  /** How long the person has, in milliseconds. */
  readonly limitMs: number;
}

/** How long a browser waits for the end of its login. */
const PAGE_WAIT_MS = 30_000;
const MAX_PROGRESS = 50;

/** One login: runs the plugin's function, and stands between it and the person. */
export class Login {
  readonly id = randomBytes(12).toString('base64url');
  readonly #options: LoginOptions;
  /** Shorter ones are refused by some vendors. */
  readonly #oauthState = randomBytes(32).toString('base64url');
  readonly #place: LoginPlace;
  readonly #startedAtMs: number;
  readonly #ending = new AbortController();
  readonly #over: Promise<void>;
  readonly #waiting = new Set<() => void>();
  readonly #progress: string[] = [];
  readonly #releases: (() => void)[] = [];
  readonly #answer: Promise<CallbackQuery>;
  #giveAnswer: (query: CallbackQuery) => void = () => undefined;
  #state: LoginState = 'starting';
  #version = 1;
  #wantsAnswer = false;
  #answered = false;
  #keeping = false;
  #url: string | undefined;
  #code: string | undefined;
  #account: LoginView['account'];
  #error: LoginView['error'];
  #endedAtMs: number | undefined;

  /** Begins at once. */
  constructor(options: LoginOptions) {
    this.#options = options;
    this.#place = options.place();
    this.#startedAtMs = options.clock.now();
    this.#answer = new Promise((resolve) => (this.#giveAnswer = resolve));
    this.#over = new Promise((resolve) => this.#releases.push(resolve));
    for (const value of Object.values(options.wish.input)) options.secrets.add(value.reveal());
    const timer = setTimeout(() => this.#expire(), options.limitMs);
    timer.unref();
    this.#releases.push(() => clearTimeout(timer));
    void this.#run();
  }

  get endedAtMs(): number | undefined {
    return this.#endedAtMs;
  }

  view(): LoginView {
    const { wish, authenticator, limitMs } = this.#options;
    return {
      id: this.id,
      instanceId: wish.instanceId,
      authenticator: authenticator.id,
      state: this.#state,
      ...(this.#url === undefined ? {} : { url: this.#url }),
      ...(this.#code === undefined ? {} : { code: this.#code }),
      progress: [...this.#progress],
      acceptsPaste: this.#acceptsAnswer,
      ...(this.#account === undefined ? {} : { account: this.#account }),
      ...(this.#error === undefined ? {} : { error: this.#error }),
      startedAtMs: this.#startedAtMs,
      expiresAtMs: this.#startedAtMs + limitMs,
      ...(this.#endedAtMs === undefined ? {} : { endedAtMs: this.#endedAtMs }),
      version: this.#version,
    };
  }

  /** The view, once it is newer than `seen`, the login is over, or the signal ends the wait. */
  async changed(seen: number, signal: AbortSignal): Promise<LoginView> {
    if (this.#version <= seen && this.#endedAtMs === undefined && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.#waiting.delete(done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        this.#waiting.add(done);
        signal.addEventListener('abort', done);
      });
    }
    return this.view();
  }

  /** In a time that tells nothing of where they differ. */
  owns(state: string | undefined): boolean {
    const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
    return timingSafeEqual(digest(state ?? ''), digest(this.#oauthState));
  }

  /** Takes a redirect that it {@link Login.owns}; the page tells how the login ended. */
  async answer(query: CallbackQuery): Promise<LoginPage> {
    if (this.#answered) return loginPages.replayed;
    if (!this.#acceptsAnswer) return loginPages.ended;
    this.#take(query);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PAGE_WAIT_MS);
      timer.unref();
    });
    await Promise.race([this.#over, late]);
    clearTimeout(timer);
    return this.#page();
  }

  /** @throws GatewayError `AUTH_BAD_PASTE`; the login goes on. */
  paste(text: string): LoginView {
    const { secrets } = this.#options;
    if (!this.#acceptsAnswer) {
      throw badPaste(
        this.#answered ? 'the login was answered already' : 'the login waits for none',
      );
    }
    const query = readPaste(text, this.#oauthState);
    if (query === undefined) {
      throw badPaste('it is neither the address that the browser ended at nor a code');
    }
    if (!this.owns(query.state)) {
      throw badPaste('it belongs to another login (its state is missing or differs)');
    }
    secrets.add(text.trim());
    this.#take(query);
    return this.view();
  }

  cancel(): LoginView {
    if (!this.#keeping) this.#end('cancelled', 'the login was cancelled');
    return this.view();
  }

  get #acceptsAnswer(): boolean {
    return this.#wantsAnswer && !this.#answered && this.#endedAtMs === undefined;
  }

  #take(query: CallbackQuery): void {
    this.#answered = true;
    if (query.code !== undefined) this.#options.secrets.add(query.code);
    this.#note('The answer has come; finishing the login.');
    this.#giveAnswer(query);
  }

  async #run(): Promise<void> {
    const { authenticator, place } = this.#options;
    try {
      const door = this.#place.openDoor();
      this.#releases.push(() => door.close());
      const aborted = new Promise<never>((_, reject) => {
        this.#ending.signal.addEventListener('abort', () => reject(new Error('ended')));
      });
      const found: unknown = await Promise.race([
        authenticator.login?.(this.#session(door.http)),
        aborted,
      ]);
      if (this.#endedAtMs !== undefined) return;
      this.#keeping = true;
      const { id, label } = await place().keep(found, authenticator.id);
      this.#account = { id, label };
      this.#end('done');
    } catch (error) {
      this.#fail(error);
    }
  }

  #session(http: LoginSession['http']): LoginSession {
    const { wish, previous } = this.#options;
    return Object.freeze<LoginSession>({
      input: Object.freeze({ ...wish.input }),
      state: this.#oauthState,
      ...(previous === undefined ? {} : { previous }),
      signal: this.#ending.signal,
      http,
      logger: this.#place.logger,
      redirectUri: (wanted) => this.#redirectUri(wanted),
      open: (url) => {
        this.#url = pageAddress(url);
        this.#wait('Open the page and log in there.');
      },
      showCode: (url, code) => {
        this.#url = pageAddress(url);
        this.#code = code;
        this.#wait('Open the page and enter the code there.');
      },
      progress: (text) => this.#note(text),
      callback: async () => {
        this.#wantsAnswer = true;
        this.#wait();
        return this.#answer;
      },
    });
  }

  async #redirectUri({ port, path }: Parameters<LoginSession['redirectUri']>[0]): Promise<string> {
    const { wish, listeners } = this.#options;
    this.#ending.signal.throwIfAborted();
    this.#wantsAnswer = true;
    if (wish.gatewayCallback !== undefined && port === undefined) return wish.gatewayCallback;
    const route = {
      path,
      owns: (state: string | undefined) => this.owns(state),
      answer: (query: CallbackQuery) => this.answer(query),
    };
    try {
      const listener = await listeners.open(port, route);
      if (this.#endedAtMs === undefined) this.#releases.push(() => listener.close());
      else listener.close();
      return `http://127.0.0.1:${listener.port}${path}`;
    } catch (error) {
      if (port === undefined) throw error;
      this.#note(
        `Port ${port}, which the vendor sends the browser to, can't be had (${sentenceOf(error)}). ` +
          'Paste the address that the browser ends at, or end the program that has the port and start again.',
      );
      return `http://127.0.0.1:${port}${path}`;
    }
  }

  #wait(text?: string): void {
    if (this.#endedAtMs !== undefined) return;
    this.#state = 'waiting';
    if (text === undefined) this.#changed();
    else this.#note(text);
  }

  #note(text: string): void {
    if (this.#endedAtMs !== undefined) return;
    this.#progress.push(this.#options.secrets.mask(text).slice(0, 500));
    if (this.#progress.length > MAX_PROGRESS) this.#progress.shift();
    this.#changed();
  }

  #fail(error: unknown): void {
    const { wish, authenticator, secrets } = this.#options;
    if (isGatewayError(error)) {
      this.#end('failed', secrets.mask(error.message), error.code);
      return;
    }
    const name = `authenticator "${authenticator.id}" of plugin "${wish.instanceId}"`;
    const message = `${name} threw while it logged in: ${secrets.mask(sentenceOf(error))}`;
    if (this.#endedAtMs === undefined) {
      this.#place.onFault('login', error, `authenticator "${authenticator.id}" threw`);
    }
    this.#end('failed', message, 'PLUGIN_FAULT');
  }

  #expire(): void {
    if (this.#keeping) return;
    const seconds = Math.round(this.#options.limitMs / 1000);
    this.#end('expired', `the login took longer than ${seconds} s; start it again`);
  }

  /** The first end counts. */
  #end(state: LoginState, message?: string, code = 'AUTH_LOGIN_FAILED'): void {
    if (this.#endedAtMs !== undefined) return;
    this.#endedAtMs = this.#options.clock.now();
    this.#state = state;
    if (message !== undefined) this.#error = { code, message };
    this.#ending.abort(new GatewayError('AUTH_LOGIN_FAILED', message ?? 'the login is over'));
    for (const release of this.#releases.splice(0)) release();
    this.#changed();
  }

  #changed(): void {
    this.#version += 1;
    for (const tell of [...this.#waiting]) tell();
  }

  #page(): LoginPage {
    if (this.#account !== undefined) return donePage(this.#account.label);
    return this.#error === undefined ? loginPages.slow : failedPage(this.#error.message);
  }
}

function pageAddress(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new TypeError('the page to open is no http address');
}

function badPaste(why: string): GatewayError {
  return new GatewayError('AUTH_BAD_PASTE', `what was pasted can't be taken: ${why}`);
}
