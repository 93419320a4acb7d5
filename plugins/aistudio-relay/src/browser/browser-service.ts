import { fileURLToPath } from 'node:url';
import { GatewayError } from '@cliproxy/plugin-api';
import type { Child, GatewayAddress, Json, Logger, Supervisor } from '@cliproxy/plugin-api';
import type { RelayView } from '../relay/relay-view.ts';
import type { BrowserConfig } from './browser-config.ts';
import { findChromium } from './find-chromium.ts';
import type { FromService, ProfileStatus, ToService } from './messages.ts';

/** What {@link createBrowserService} works with. */
export interface BrowserServiceOptions {
  readonly config: BrowserConfig;
  /** What pages may call: the API's address. */
  readonly baseUrl: string;
  readonly relay: Pick<RelayView, 'path' | 'issueTicket'>;
  readonly supervisor: Supervisor;
  readonly address: GatewayAddress;
  readonly logger: Logger;
}

/** What a login is told, and tells. */
interface LoginTalk {
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

/** The plugin's end of the service that has the browsers. */
export interface BrowserService {
  /** Begins to start it, where there are pages. A machine without Chromium is told, and no error. */
  start(): Promise<void>;
  /**
   * Lets a person sign in, in a browser on this machine.
   *
   * @throws GatewayError `AUTH_LOGIN_FAILED` with what to do.
   */
  login(profile: string, talk: LoginTalk): Promise<{ readonly sessionEndsMs?: number }>;
  /** Forgets a profile's session. @throws GatewayError `AUTH_LOGIN_FAILED` */
  clear(profile: string, signal: AbortSignal): Promise<void>;
  /** Why a profile has no page, or how it does; `undefined` where no page is configured for it. */
  statusOf(profile: string): ProfileStatus | undefined;
  /** The configured profiles. */
  readonly profiles: readonly string[];
}

const CHILD = 'browser';
const MAIN = fileURLToPath(new URL('../../dist/service/main.js', import.meta.url));
/** What Chromium has to know of the desktop, and of the way to the internet. */
const ENV = [
  'DISPLAY',
  'XAUTHORITY',
  'WAYLAND_DISPLAY',
  'XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
];
/** Longer than a browser is given to close. */
const STOP_MS = 12_000;

/** A login or clearing that the service works on. */
interface Task {
  readonly talk: LoginTalk | undefined;
  readonly over: (answer: Extract<FromService, { type: 'done' | 'failed' }>) => void;
}

/** Makes the plugin's end of the service. */
export function createBrowserService(options: BrowserServiceOptions): BrowserService {
  return new SupervisedBrowsers(options);
}

class SupervisedBrowsers implements BrowserService {
  readonly profiles: readonly string[];
  readonly #options: BrowserServiceOptions;
  readonly #statuses = new Map<string, ProfileStatus>();
  readonly #tasks = new Map<number, Task>();
  #child: Child | undefined;
  #executablePath = '';
  #lastId = 0;

  constructor(options: BrowserServiceOptions) {
    this.#options = options;
    this.profiles = options.config.pages.map(({ profile }) => profile);
  }

  async start(): Promise<void> {
    if (this.profiles.length === 0) return;
    const missing = await this.#begin();
    if (missing === undefined) return;
    this.#options.logger.error(`no page can be opened: ${missing}`);
    for (const profile of this.profiles) {
      const detail = missing;
      const sinceMs = Date.now();
      this.#statuses.set(profile, { state: 'retrying', sinceMs, detail, restarts: 0 });
    }
  }

  async login(profile: string, talk: LoginTalk): Promise<{ readonly sessionEndsMs?: number }> {
    const missing = await this.#begin();
    if (missing !== undefined) throw failed(missing);
    return this.#ask((id) => ({ type: 'login', id, profile }), talk.signal, talk);
  }

  async clear(profile: string, signal: AbortSignal): Promise<void> {
    await this.#ask((id) => ({ type: 'clear', id, profile }), signal);
  }

  statusOf(profile: string): ProfileStatus | undefined {
    return this.#statuses.get(profile);
  }

  /** @returns what is missing. */
  async #begin(): Promise<string | undefined> {
    if (this.#child !== undefined) return undefined;
    const { config, supervisor } = this.#options;
    const { executablePath, missing } = findChromium(config.executablePath, process.env);
    if (missing !== undefined) return missing;
    this.#executablePath = executablePath;
    const child = await supervisor.start({
      name: CHILD,
      command: [process.execPath, MAIN],
      env: ENV,
      channel: true,
      stopTimeoutMs: STOP_MS,
    });
    this.#child = child;
    // Also where the process is one that the former generation had started.
    child.onChange(({ state }) => {
      if (state === 'ready') this.#configure(child);
      else if (state !== 'stopping') this.#down();
    });
    if (child.status.state === 'ready') this.#configure(child);
    void this.#listen(child);
    return undefined;
  }

  async #listen(child: Child): Promise<void> {
    // The other end is a file of this package.
    for await (const message of child.messages)
      this.#take(child, message as unknown as FromService);
  }

  #take(child: Child, message: FromService): void {
    const { logger } = this.#options;
    switch (message.type) {
      case 'ready':
        this.#configure(child);
        return;
      case 'ticket-wanted':
        this.#giveTicket(child, message.profile);
        return;
      case 'profile':
        this.#statuses.set(message.profile, message.status);
        return;
      case 'progress':
        this.#tasks.get(message.id)?.talk?.progress(message.text);
        return;
      case 'done':
      case 'failed':
        this.#tasks.get(message.id)?.over(message);
        return;
      case 'log':
        logger[message.level](message.message);
    }
  }

  #configure(child: Child): void {
    const { config, baseUrl } = this.#options;
    const { headless, pages, signIn } = config;
    const allowedOrigins = [new URL(baseUrl).origin];
    const executablePath = this.#executablePath;
    const settings = { executablePath, headless, pages, signIn, allowedOrigins };
    this.#say(child, { type: 'configure', settings });
  }

  #giveTicket(child: Child, profile: string): void {
    const { relay, address } = this.#options;
    const base = address.current();
    // Pages are opened while the gateway starts; the service asks again.
    if (base === undefined) return;
    const url = `${base.replace(/^http/, 'ws')}${relay.path}`;
    this.#say(child, { type: 'ticket', profile, url, ticket: relay.issueTicket(profile) });
  }

  async #ask(
    message: (id: number) => ToService,
    signal: AbortSignal,
    talk?: LoginTalk,
  ): Promise<{ readonly sessionEndsMs?: number }> {
    const id = (this.#lastId += 1);
    const child = this.#child;
    if (child === undefined) throw failed('the browser service does not run');
    await child.ready(signal);
    // Before anything else, whoever has heard first that it is ready.
    this.#configure(child);
    const cancel = (): void => this.#say(child, { type: 'cancel', id });
    try {
      const answer = await new Promise<Parameters<Task['over']>[0]>((resolve) => {
        this.#tasks.set(id, { talk, over: resolve });
        signal.addEventListener('abort', cancel, { once: true });
        this.#say(child, message(id));
        if (signal.aborted) cancel();
      });
      if (answer.type === 'failed') throw failed(answer.message);
      return answer.sessionEndsMs === undefined ? {} : { sessionEndsMs: answer.sessionEndsMs };
    } finally {
      signal.removeEventListener('abort', cancel);
      this.#tasks.delete(id);
    }
  }

  /** The process is gone, and with it what it was doing. */
  #down(): void {
    for (const [id, { over }] of [...this.#tasks]) {
      over({ type: 'failed', id, message: 'the browser service has ended; try again' });
    }
    const sinceMs = Date.now();
    for (const [profile, { restarts }] of this.#statuses) {
      const detail = 'the browser service is started again';
      this.#statuses.set(profile, { state: 'retrying', sinceMs, detail, restarts });
    }
  }

  #say(child: Child, message: ToService): void {
    child.send(message as unknown as Json).catch((error: unknown) => {
      // It is told everything anew once it runs again.
      this.#options.logger.debug('the browser service could not be told', { error });
    });
  }
}

function failed(why: string): GatewayError {
  return new GatewayError('AUTH_LOGIN_FAILED', why);
}
