import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';
import type {
  Account,
  AccountRegistry,
  Authenticator,
  HttpClient,
  Logger,
  NewAccount,
} from '@cliproxy/plugin-api';
import type { OnFault } from '../faults/instance-faults.ts';
import type { AllowedHosts } from '../http/allowed-hosts.ts';
import { bareDoor } from '../http/http-door.ts';
import type { UpstreamPools } from '../http/upstream-pools.ts';
import type { LoginPlace } from '../logins/login-place.ts';
import type { LogoutResult } from '../logins/logins.ts';
import type { Clock } from '../ports/clock.ts';
import type {
  CredentialStore,
  StoredAccount,
  UnreadableAccount,
} from '../ports/credential-store.ts';
import type { SecretRegistry } from '../ports/secret-registry.ts';
import { accountUnknown } from './account-unknown.ts';
import type { AccountSource } from './account-source.ts';
import { sentenceOf } from './account-work.ts';
import { HeldCredential, isCredential } from './held-credential.ts';
import { forKeeping, KeptLogin } from './kept-login.ts';
import { type AccountAuth, LiveAccount } from './live-account.ts';

/** What an {@link InstanceAccounts} works with. */
export interface InstanceAccountsOptions {
  readonly instanceId: string;
  readonly hosts: AllowedHosts;
  readonly pools: UpstreamPools;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly secrets: SecretRegistry;
  /** Where logins are kept. */
  readonly store: CredentialStore;
  /** Takes what the plugin's own code does wrong. */
  readonly onFault: OnFault;
  /** Told after a credential was renewed, and after a login ended. */
  readonly onLogin: (account: LiveAccount) => void;
}

/** What becomes a {@link LiveAccount}. */
interface Entry {
  readonly id: string;
  readonly label: string;
  readonly source: AccountSource;
  readonly authenticator: string | undefined;
  readonly held: HeldCredential | undefined;
  readonly kept?: KeptLogin;
}

/** Of one instance; each costs memory, and its share of every decision. */
const MAX_ACCOUNTS = 1_000;
/** After so many accounts in a row everything else gets its turn. */
const CALLS_PER_TURN = 16;

const KEY = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** The accounts of one plugin instance: configured ones, logins, and those that come and go. */
export class InstanceAccounts implements LoginPlace {
  /** What `services.accounts` gives to the plugin. */
  readonly registry: AccountRegistry;
  readonly #options: InstanceAccountsOptions;
  readonly #listeners = new Set<() => void>();
  #authenticators: ReadonlyMap<string, Authenticator> | undefined;
  #accounts: readonly LiveAccount[] = [];
  #retired = false;
  #calls = 0;
  #toldFull = false;

  constructor(options: InstanceAccountsOptions) {
    this.#options = options;
    this.registry = Object.freeze<AccountRegistry>({
      attach: async (account) => {
        await this.#giveTurn();
        return this.#attach(account);
      },
      detach: async (accountId, reason) => {
        await this.#giveTurn();
        this.#detach(accountId, reason);
      },
    });
  }

  get onFault(): OnFault {
    return this.#options.onFault;
  }

  get logger(): Logger {
    return this.#options.logger;
  }

  /** The accounts now; the array is replaced, never changed. */
  list(): readonly LiveAccount[] {
    return this.#accounts;
  }

  /**
   * Takes what `setup` returned. Without authenticators and without accounts, the instance has one
   * account, `<instance>/default`; an empty list of accounts means that they are attached later.
   *
   * @throws GatewayError `PLUGIN_BAD_ACCOUNT`
   */
  configure(
    authenticators: readonly Authenticator[],
    accounts: readonly unknown[] | undefined,
  ): void {
    this.#authenticators = new Map(authenticators.map((one) => [one.id, one]));
    const wanted =
      accounts ?? (authenticators.length === 0 ? [{ key: 'default', label: 'default' }] : []);
    for (const account of wanted) this.#add(account, 'configured');
  }

  /** Takes up the logins that are kept, once {@link InstanceAccounts.configure} is done. */
  async restore(): Promise<void> {
    const { instanceId, store, logger } = this.#options;
    const authenticators = [...(this.#authenticators?.values() ?? [])];
    if (!authenticators.some((one) => one.login !== undefined)) return;
    let kept: readonly StoredAccount[];
    let unreadable: readonly UnreadableAccount[];
    try {
      kept = await store.list();
      unreadable = await store.unreadable();
    } catch (error) {
      // Its other accounts serve all the same.
      logger.error('the accounts that were logged in can not be read', { error });
      return;
    }
    for (const account of kept) {
      if (!account.id.startsWith(`${instanceId}/`)) continue;
      try {
        this.#takeUp(account);
      } catch (error) {
        logger.error(`account ${account.label} is left out: ${sentenceOf(error)}`, {
          account: account.id,
        });
      }
    }
    for (const { id, reason } of unreadable) this.#leaveEmpty(id, reason, authenticators);
  }

  /** So that whoever looks for the account finds out what became of it. */
  #leaveEmpty(id: string, needsLogin: string, authenticators: readonly Authenticator[]): void {
    const { instanceId, store, clock, logger, secrets } = this.#options;
    const place = `${instanceId}/`;
    if (!id.toLowerCase().startsWith(place.toLowerCase()) || this.#find(id) !== undefined) return;
    const label = id.slice(place.length);
    const authenticator = authenticators.find((one) => one.login !== undefined)?.id ?? '';
    const credential = { secrets: {} };
    const account = { id: place + label, authenticator, label, credential, generation: 0 };
    this.#enter({
      id: account.id,
      label,
      source: 'logged-in',
      authenticator,
      held: new HeldCredential(credential, secrets),
      kept: new KeptLogin({ store, account, clock, logger, needsLogin }),
    });
  }

  authenticators(): readonly Authenticator[] {
    return [...(this.#authenticators?.values() ?? [])];
  }

  async keep(account: unknown, by: string): Promise<Account> {
    const { key, label, authenticator = by, credential } = this.#checked(account, by);
    if (credential === undefined) {
      throw this.#bad(`the login of "${key}" brought no credential`);
    }
    const { instanceId, store, clock, secrets } = this.#options;
    const id = `${instanceId}/${key}`;
    const other = this.#find(id);
    if (other !== undefined && other.source !== 'logged-in') {
      throw this.#bad(`the key "${key}" is taken by an account that was not logged in`);
    }
    const held = new HeldCredential(credential, secrets);
    const kept = await store.withLock(id, async () => {
      const former = await store.get(id).catch((error: unknown) => {
        // The new login takes the place of one that nobody here can open.
        if (isGatewayError(error) && error.code === 'KERNEL_STORE_KEY') return undefined;
        throw error;
      });
      const next = { id, authenticator, label, credential: forKeeping(credential, clock.now()) };
      return store.put(next, former?.generation ?? 0);
    });
    if (this.#retired)
      throw this.#bad('the instance has ended; the login is kept for the next start');
    const at = this.#accounts.findIndex((one) => one.account.id === id);
    this.#drop(id);
    const live = this.#takeUp(kept, held);
    // In its former place: where accounts are used up one by one, their order counts.
    if (at !== -1) this.#accounts = this.#accounts.slice(0, -1).toSpliced(at, 0, live);
    this.#options.logger.info(`account ${label} was logged in`, { account: id });
    this.#tell();
    return live.account;
  }

  async forget(accountId: string, signal: AbortSignal): Promise<LogoutResult> {
    const { store, logger } = this.#options;
    const live = this.#find(accountId);
    if (live?.source !== 'logged-in') throw accountUnknown(accountId);
    const { label } = live.account;
    const revoked = await store.withLock(accountId, async () => {
      const stored = await store.get(accountId).catch(() => undefined);
      const outcome = await live.revoke(stored, signal);
      await store.delete(accountId);
      return outcome;
    });
    this.#drop(accountId);
    logger.info(`account ${label} was logged out`, { account: accountId });
    this.#tell();
    return { accountId, label, ...revoked };
  }

  openDoor(): { readonly http: HttpClient; close(): void } {
    const lane = this.#options.pools.open();
    return { http: bareDoor(lane, this.#options.hosts), close: () => lane.close() };
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Ends all; nothing can be attached any more. */
  async retire(): Promise<void> {
    this.#retired = true;
    const accounts = this.#accounts;
    this.#accounts = [];
    await Promise.all(accounts.map((account) => account.retire()));
  }

  #attach(account: unknown): Account {
    if (this.#authenticators === undefined) {
      throw this.#bad('accounts can be attached once setup is over; return the first ones from it');
    }
    if (this.#retired) throw this.#bad('the instance has ended');
    if (this.#accounts.length >= MAX_ACCOUNTS) {
      const what = `it has ${MAX_ACCOUNTS} accounts already; detach those that are gone`;
      if (!this.#toldFull) this.#options.onFault('accounts', `attaches without end: ${what}`);
      this.#toldFull = true;
      throw this.#bad(what);
    }
    const added = this.#add(account, 'attached');
    this.#options.logger.info(`account ${added.account.label} is attached`, {
      account: added.account.id,
    });
    this.#tell();
    return added.account;
  }

  /** Who attaches in a loop must not keep timers and sockets from their turn. */
  async #giveTurn(): Promise<void> {
    this.#calls += 1;
    if (this.#calls % CALLS_PER_TURN === 0) await new Promise(setImmediate);
  }

  #detach(accountId: string, reason: string): void {
    const gone = this.#drop(accountId);
    if (gone === undefined) return;
    this.#options.logger.info(`account ${gone.account.label} is detached: ${reason}`, {
      account: accountId,
    });
    this.#tell();
  }

  #find(accountId: string): LiveAccount | undefined {
    return this.#accounts.find((one) => one.account.id === accountId);
  }

  #drop(accountId: string): LiveAccount | undefined {
    const gone = this.#find(accountId);
    this.#accounts = this.#accounts.filter((one) => one !== gone);
    void gone?.retire();
    return gone;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #add(value: unknown, source: AccountSource): LiveAccount {
    const { key, label, authenticator, credential } = this.#checked(value);
    const id = `${this.#options.instanceId}/${key}`;
    const held =
      credential === undefined ? undefined : new HeldCredential(credential, this.#options.secrets);
    return this.#enter({ id, label, source, authenticator, held });
  }

  #takeUp(account: StoredAccount, held?: HeldCredential): LiveAccount {
    const { id, label, authenticator, credential } = account;
    const { store, clock, logger, secrets } = this.#options;
    return this.#enter({
      id,
      label,
      source: 'logged-in',
      authenticator,
      held: held ?? new HeldCredential(credential, secrets),
      kept: new KeptLogin({ store, account, clock, logger }),
    });
  }

  #enter({ id, label, source, authenticator, held, kept }: Entry): LiveAccount {
    const { instanceId, hosts, logger, clock, secrets, onLogin, pools } = this.#options;
    if (this.#find(id) !== undefined) {
      const key = id.slice(instanceId.length + 1);
      throw this.#bad(`the key "${key}" is taken; give each account its own`);
    }
    const knows = this.#authenticators?.get(authenticator ?? '');
    if (authenticator !== undefined && knows === undefined) {
      throw this.#bad(
        `it was logged in by "${authenticator}", which the plugin does not have as configured`,
      );
    }
    const auth: AccountAuth | undefined =
      knows === undefined || held === undefined
        ? undefined
        : { authenticator: knows, credential: held, ...(kept === undefined ? {} : { kept }) };
    const live = new LiveAccount({
      instanceId,
      account: Object.freeze({
        id,
        ...(knows === undefined ? {} : { authenticator: knows.id }),
        label,
        facts: Object.freeze({ ...held?.value.facts }),
      }),
      source,
      ...(auth === undefined ? {} : { auth }),
      lane: pools.open(),
      hosts,
      logger,
      clock,
      mask: (text) => secrets.mask(text),
      onFault: this.#options.onFault,
      onLogin,
    });
    this.#accounts = [...this.#accounts, live];
    return live;
  }

  /** @param by - the authenticator of an account that names none. */
  #checked(value: unknown, by?: string): NewAccount {
    if (typeof value !== 'object' || value === null) throw this.#bad('an account is no object');
    const fields = value as Readonly<Record<string, unknown>>;
    const { key, label, authenticator = by, credential } = fields;
    if (typeof key !== 'string' || !KEY.test(key)) {
      throw this.#bad(
        `the key ${JSON.stringify(key)} must be 1 to 64 letters, digits, ".", "_" and "-"`,
      );
    }
    if (typeof label !== 'string' || label === '') throw this.#bad(`"${key}" has no label`);
    if (authenticator !== undefined && !this.#knows(authenticator)) {
      const name = JSON.stringify(authenticator);
      throw this.#bad(`"${key}" names the authenticator ${name}, which the plugin does not have`);
    }
    if (credential !== undefined && !isCredential(credential)) {
      throw this.#bad(`"${key}" has a malformed credential; wrap secrets with secret()`);
    }
    if ((authenticator === undefined) !== (credential === undefined)) {
      const missing = credential === undefined ? 'credential' : 'authenticator';
      throw this.#bad(`"${key}" has no ${missing}; authenticator and credential go together`);
    }
    return value as NewAccount;
  }

  #knows(authenticator: unknown): boolean {
    return typeof authenticator === 'string' && this.#authenticators?.has(authenticator) === true;
  }

  #bad(what: string): GatewayError {
    return new GatewayError(
      'PLUGIN_BAD_ACCOUNT',
      `plugin "${this.#options.instanceId}" brings an account that can't be used: ${what}`,
    );
  }
}
