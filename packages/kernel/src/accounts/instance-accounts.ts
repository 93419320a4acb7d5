import { GatewayError } from '@cliproxy/plugin-api';
import type {
  Account,
  AccountRegistry,
  Authenticator,
  Logger,
  NewAccount,
} from '@cliproxy/plugin-api';
import type { AllowedHosts } from '../http/allowed-hosts.ts';
import type { UpstreamPools } from '../http/upstream-pools.ts';
import type { Clock } from '../ports/clock.ts';
import type { SecretRegistry } from '../ports/secret-registry.ts';
import type { AccountSource } from './account-view.ts';
import { HeldCredential, isCredential } from './held-credential.ts';
import { type AccountAuth, LiveAccount } from './live-account.ts';

/** What an {@link InstanceAccounts} works with. */
export interface InstanceAccountsOptions {
  readonly instanceId: string;
  readonly hosts: AllowedHosts;
  readonly pools: UpstreamPools;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly secrets: SecretRegistry;
}

const KEY = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** The accounts of one plugin instance: configured ones, and those that come and go. */
export class InstanceAccounts {
  /** What `services.accounts` gives to the plugin. */
  readonly registry: AccountRegistry;
  readonly #options: InstanceAccountsOptions;
  readonly #listeners = new Set<() => void>();
  #authenticators: ReadonlyMap<string, Authenticator> | undefined;
  #accounts: readonly LiveAccount[] = [];
  #retired = false;

  constructor(options: InstanceAccountsOptions) {
    this.#options = options;
    this.registry = Object.freeze<AccountRegistry>({
      attach: async (account) => this.#attach(account),
      detach: async (accountId, reason) => this.#detach(accountId, reason),
    });
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

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Ends all; nothing can be attached any more. */
  retire(): void {
    this.#retired = true;
    for (const account of this.#accounts) account.retire();
    this.#accounts = [];
  }

  #attach(account: unknown): Account {
    if (this.#authenticators === undefined) {
      throw this.#bad('accounts can be attached once setup is over; return the first ones from it');
    }
    if (this.#retired) throw this.#bad('the instance has ended');
    const added = this.#add(account, 'attached');
    this.#options.logger.info(`account ${added.account.label} is attached`, {
      account: added.account.id,
    });
    this.#tell();
    return added.account;
  }

  #detach(accountId: string, reason: string): void {
    const gone = this.#accounts.find((one) => one.account.id === accountId);
    if (gone === undefined) return;
    this.#accounts = this.#accounts.filter((one) => one !== gone);
    gone.retire();
    this.#options.logger.info(`account ${gone.account.label} is detached: ${reason}`, {
      account: accountId,
    });
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #add(value: unknown, source: AccountSource): LiveAccount {
    const account = this.#checked(value);
    const { instanceId, secrets } = this.#options;
    const id = `${instanceId}/${account.key}`;
    if (this.#accounts.some((one) => one.account.id === id)) {
      throw this.#bad(`the key "${account.key}" is taken; give each account its own`);
    }
    const authenticator = this.#authenticators?.get(account.authenticator ?? '');
    const auth: AccountAuth | undefined =
      authenticator === undefined || account.credential === undefined
        ? undefined
        : { authenticator, credential: new HeldCredential(account.credential, secrets) };
    const live = new LiveAccount({
      instanceId,
      account: Object.freeze({
        id,
        ...(authenticator === undefined ? {} : { authenticator: authenticator.id }),
        label: account.label,
        facts: Object.freeze({ ...account.credential?.facts }),
      }),
      source,
      ...(auth === undefined ? {} : { auth }),
      lane: this.#options.pools.open(),
      hosts: this.#options.hosts,
      logger: this.#options.logger,
      clock: this.#options.clock,
      mask: (text) => secrets.mask(text),
    });
    this.#accounts = [...this.#accounts, live];
    return live;
  }

  #checked(value: unknown): NewAccount {
    if (typeof value !== 'object' || value === null) throw this.#bad('an account is no object');
    const { key, label, authenticator, credential } = value as Readonly<Record<string, unknown>>;
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
