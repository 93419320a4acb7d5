import { join } from 'node:path';
import type { FromService, ServiceSettings, ToService } from '../browser/messages.ts';
import { appletText } from './applet-text.ts';
import { PageKeeper } from './page-keeper.ts';
import { ProfileFolder } from './profile-folder.ts';
import { signIn } from './sign-in.ts';

type Ticket = Omit<Extract<ToService, { type: 'ticket' }>, 'type' | 'profile'>;

const TICKET_MS = 10_000;

/** All profiles of the service: does what the plugin says, and tells it how they do. */
export class BrowserHost {
  readonly #root: string;
  readonly #send: (message: FromService) => void;
  readonly #keepers = new Map<string, PageKeeper>();
  /** What a page was made by; one that is made by the same goes on. */
  readonly #made = new Map<string, string>();
  readonly #tickets = new Map<string, ((ticket: Ticket) => void)[]>();
  readonly #logins = new Map<number, AbortController>();
  #settings: ServiceSettings | undefined;
  /** Settings come into force one after another. */
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  /** @param folder - where profiles are kept; for their owner alone. */
  constructor(folder: string, send: (message: FromService) => void) {
    this.#root = join(folder, 'profiles');
    this.#send = send;
  }

  take(message: ToService): void {
    switch (message.type) {
      case 'configure':
        this.#work = this.#work.then(() => this.#configure(message.settings));
        return;
      case 'ticket':
        this.#tickets.get(message.profile)?.shift()?.(message);
        return;
      case 'login':
        void this.#answer(message.id, this.#login(message.id, message.profile));
        return;
      case 'cancel':
        this.#logins.get(message.id)?.abort(new Error('the login was cancelled'));
        return;
      case 'clear':
        void this.#answer(message.id, this.#clear(message.profile));
    }
  }

  /** Closes every browser. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const login of this.#logins.values()) login.abort(new Error('the gateway ends'));
    await Promise.all([...this.#keepers.values()].map((keeper) => keeper.stop()));
  }

  async #configure(settings: ServiceSettings): Promise<void> {
    this.#settings = settings;
    const { pages, ...shared } = settings;
    const wanted = new Map(pages.map((spec) => [spec.profile, spec]));
    for (const [profile, keeper] of [...this.#keepers]) {
      const spec = wanted.get(profile);
      if (spec !== undefined && this.#made.get(profile) === JSON.stringify([spec, shared])) {
        this.#send({ type: 'profile', profile, status: keeper.status });
        continue;
      }
      this.#keepers.delete(profile);
      await keeper.stop();
    }
    for (const [profile, spec] of wanted) {
      if (this.#closed || this.#keepers.has(profile)) continue;
      const keeper = new PageKeeper({
        spec,
        settings,
        folder: new ProfileFolder(this.#root, profile),
        applet: () => this.#applet(profile, settings),
        onStatus: (status) => this.#send({ type: 'profile', profile, status }),
        log: (level, text) => this.#send({ type: 'log', level, message: text }),
      });
      this.#keepers.set(profile, keeper);
      this.#made.set(profile, JSON.stringify([spec, shared]));
      keeper.start();
    }
  }

  async #applet(profile: string, { allowedOrigins }: ServiceSettings): Promise<string> {
    const { url, ticket } = await this.#ticket(profile);
    return appletText({ url, version: 2, credential: `ticket.${ticket}`, allowedOrigins, profile });
  }

  #ticket(profile: string): Promise<Ticket> {
    return new Promise((resolve, reject) => {
      const waiting = this.#tickets.get(profile) ?? [];
      this.#tickets.set(profile, waiting);
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(take), 1);
        reject(new Error('the gateway gave no ticket'));
      }, TICKET_MS);
      const take = (ticket: Ticket): void => {
        clearTimeout(timer);
        resolve(ticket);
      };
      waiting.push(take);
      this.#send({ type: 'ticket-wanted', profile });
    });
  }

  async #login(id: number, profile: string): Promise<{ readonly sessionEndsMs?: number }> {
    await this.#work;
    const { settings, keeper } = this.#known(profile);
    const leaving = new AbortController();
    this.#logins.set(id, leaving);
    try {
      // A profile is one browser's at a time.
      await keeper.stop();
      keeper.tell('signing-in', 'a person signs in');
      const session = await signIn({
        executablePath: settings.executablePath,
        spec: settings.signIn,
        folder: new ProfileFolder(this.#root, profile),
        signal: leaving.signal,
        progress: (text) => this.#send({ type: 'progress', id, text }),
      });
      return session.endsMs === undefined ? {} : { sessionEndsMs: session.endsMs };
    } finally {
      this.#logins.delete(id);
      if (!this.#closed && this.#keepers.get(profile) === keeper) keeper.start();
    }
  }

  async #clear(profile: string): Promise<object> {
    await this.#work;
    const { keeper } = this.#known(profile);
    await keeper.stop();
    const folder = new ProfileFolder(this.#root, profile);
    await folder.endLeftover();
    await folder.clear();
    // Without a profile, it says that nobody has signed in.
    keeper.start();
    return {};
  }

  #known(profile: string): { readonly settings: ServiceSettings; readonly keeper: PageKeeper } {
    const keeper = this.#keepers.get(profile);
    if (this.#settings === undefined || keeper === undefined) {
      throw new Error(`no page is configured for the profile "${profile}"`);
    }
    return { settings: this.#settings, keeper };
  }

  async #answer(id: number, work: Promise<object>): Promise<void> {
    try {
      this.#send({ type: 'done', id, ...(await work) });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#send({ type: 'failed', id, message });
    }
  }
}
