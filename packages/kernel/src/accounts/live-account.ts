import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';
import type {
  Account,
  AuthContext,
  Authenticator,
  Credential,
  HttpClient,
  Logger,
  OutgoingRequest,
} from '@cliproxy/plugin-api';
import type { OnFault } from '../faults/instance-faults.ts';
import { isOwnFault } from '../faults/own-fault.ts';
import type { AllowedHosts } from '../http/allowed-hosts.ts';
import { accountDoor, bareDoor } from '../http/http-door.ts';
import type { UpstreamLane } from '../http/upstream-pools.ts';
import { isOutOfTime, within } from '../plugins/within.ts';
import type { LogoutResult } from '../logins/logins.ts';
import type { Clock } from '../ports/clock.ts';
import type { StoredAccount } from '../ports/credential-store.ts';
import type { AccountHandle } from './account-handle.ts';
import type { AccountSource } from './account-source.ts';
import { sentenceOf } from './account-work.ts';
import { type HeldCredential, isCredential } from './held-credential.ts';
import type { KeptLogin } from './kept-login.ts';
import { renewalTimes } from './renewal-times.ts';
import type { RenewalTimes } from './renewal-times.ts';

const REFRESH_LIMIT_MS = 30_000;
const REVOKE_LIMIT_MS = 10_000;
/** After a refresh that failed, none is tried ahead of time for this long. */
const REFRESH_PAUSE_MS = 30_000;
/** Nor after one that served: some vendors give tokens that end at once. */
const REFRESH_REST_MS = 10_000;

/** How an account proves itself. */
export interface AccountAuth {
  readonly authenticator: Authenticator;
  readonly credential: HeldCredential;
  /** Where it is kept; absent: it is not, its source is the configuration. */
  readonly kept?: KeptLogin;
}

/** What a {@link LiveAccount} is made of. */
export interface LiveAccountOptions {
  readonly instanceId: string;
  readonly account: Account;
  readonly source: AccountSource;
  /** Absent: the account needs none. */
  readonly auth?: AccountAuth;
  readonly lane: UpstreamLane;
  readonly hosts: AllowedHosts;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Takes out what the whole gateway keeps secret, besides the account's own. */
  readonly mask?: (text: string) => string;
  /** Takes what the plugin's own code does wrong. */
  readonly onFault?: OnFault;
  /** Told after the credential was renewed, and after a login ended. */
  readonly onLogin?: (account: LiveAccount) => void;
}

/** An account at work: puts its credential on requests and renews it in time. */
export class LiveAccount implements AccountHandle {
  readonly instanceId: string;
  readonly source: AccountSource;
  readonly authMethod: Authenticator['method'] | undefined;
  readonly http: HttpClient;
  readonly #auth: AccountAuth | undefined;
  readonly #lane: UpstreamLane;
  readonly #bare: HttpClient;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #mask: ((text: string) => string) | undefined;
  readonly #onFault: OnFault | undefined;
  readonly #onLogin: ((account: LiveAccount) => void) | undefined;
  /** From 0 to 1: accounts that end together are not renewed together. */
  readonly #jitter = Math.random();
  #account: Account;
  #renewal: RenewalTimes | undefined;
  #noRefreshBefore = -Infinity;
  #renewalFault: GatewayError | undefined;

  constructor(options: LiveAccountOptions) {
    this.#account = options.account;
    this.instanceId = options.instanceId;
    this.source = options.source;
    this.authMethod = options.auth?.authenticator.method;
    this.#auth = options.auth;
    this.#lane = options.lane;
    this.#bare = bareDoor(options.lane, options.hosts);
    this.#logger = options.logger;
    this.#clock = options.clock;
    this.#mask = options.mask;
    this.#onFault = options.onFault;
    this.#onLogin = options.onLogin;
    this.#schedule();
    this.http = accountDoor(options.lane, options.hosts, (request, signal) =>
      this.authorize(request, signal),
    );
  }

  get account(): Account {
    return this.#account;
  }

  get generation(): number {
    return this.#auth?.credential.generation ?? 0;
  }

  get expiresAtMs(): number | undefined {
    return this.#auth?.credential.value.expiresAtMs;
  }

  get renewalFault(): GatewayError | undefined {
    return this.#renewalFault;
  }

  get needsLogin(): string | undefined {
    return this.#auth?.kept?.needsLogin;
  }

  masked(text: string): string {
    const masked = this.#auth?.credential.masked(text) ?? text;
    return this.#mask === undefined ? masked : this.#mask(masked);
  }

  async authorize(request: OutgoingRequest, signal: AbortSignal): Promise<OutgoingRequest> {
    const auth = this.#auth;
    if (auth === undefined) return request;
    signal.throwIfAborted();
    if (this.#renewal !== undefined && this.#isDue(this.#renewal.latestMs)) {
      await this.refresh(auth.credential.generation);
    }
    if (auth.kept !== undefined) this.#refuseEnded(auth.kept, auth.credential.value);
    const { authenticator, credential } = auth;
    let authorized: unknown;
    try {
      authorized = await authenticator.authorize(request, credential.value, this.#context(signal));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (isGatewayError(error)) throw error;
      throw this.#fault('threw while it authorized a request', error);
    }
    signal.throwIfAborted();
    if (!isRequest(authorized)) throw this.#fault('did not give back a request to send');
    return authorized;
  }

  async refresh(generation: number): Promise<boolean> {
    const auth = this.#auth;
    if (auth?.authenticator.refresh === undefined) return false;
    const { authenticator, credential, kept } = auth;
    const former = this.needsLogin;
    const heldGeneration = credential.generation;
    const renewed = await credential.renew(generation, (held) =>
      kept === undefined
        ? this.#obtain(authenticator, held)
        : kept.renew(
            held,
            (one) => this.#ask(authenticator, one),
            (one) => this.#spends(authenticator, one),
          ),
    );
    this.#noRefreshBefore =
      this.#clock.monotonic() + (renewed ? REFRESH_REST_MS : REFRESH_PAUSE_MS);
    if (credential.generation !== heldGeneration) this.#schedule();
    if (credential.generation !== heldGeneration || this.needsLogin !== former) {
      this.#onLogin?.(this);
    }
    return renewed;
  }

  async renewInTime(): Promise<void> {
    const auth = this.#auth;
    if (auth === undefined || this.#renewal === undefined) return;
    const atMs =
      this.needsLogin !== undefined
        ? -Infinity
        : auth.authenticator.refreshWhen === 'on-use'
          ? Infinity
          : this.#renewal.earliestMs;
    if (this.#isDue(atMs)) await this.refresh(auth.credential.generation);
  }

  /**
   * Asks the vendor to end the login. Never rejects.
   *
   * @param stored - as it is kept; absent: it can't be read.
   */
  async revoke(
    stored: StoredAccount | undefined,
    signal: AbortSignal,
  ): Promise<Pick<LogoutResult, 'revoked' | 'reason'>> {
    const auth = this.#auth;
    if (auth?.authenticator.revoke === undefined) {
      const reason = 'the plugin can not revoke it; end it at the vendor if it is to be of no use';
      return { revoked: 'unsupported', reason };
    }
    const { session } = auth.credential.value;
    const credential = stored && { ...stored.credential, ...(session && { session }) };
    try {
      await within(REVOKE_LIMIT_MS, (limit) =>
        auth.authenticator.revoke?.(
          credential ?? auth.credential.value,
          this.#context(AbortSignal.any([limit, signal])),
        ),
      );
      return { revoked: 'yes' };
    } catch (error) {
      const reason = `the vendor has not ended it: ${this.masked(sentenceOf(error))}; end it there`;
      this.#logger.warn(`account ${this.account.label} could not be revoked`, {
        account: this.account.id,
        error,
      });
      return { revoked: 'failed', reason };
    }
  }

  /** The account is gone: running answers may end, nothing new begins. */
  async retire(): Promise<void> {
    // A renewal that is cut off may cost the login.
    await this.#auth?.credential.settled();
    this.#lane.close();
  }

  /** The wall clock, read anew each time: it goes on while the machine sleeps. */
  #isDue(atMs: number): boolean {
    return this.#clock.now() >= atMs && this.#clock.monotonic() >= this.#noRefreshBefore;
  }

  /** After the credential has changed. */
  #schedule(): void {
    const auth = this.#auth;
    if (auth === undefined) return;
    const { expiresAtMs, facts } = auth.credential.value;
    const { authenticator } = auth;
    this.#renewal =
      authenticator.refresh === undefined
        ? undefined
        : renewalTimes(expiresAtMs, this.#clock.now(), this.#jitter, authenticator.refreshAheadMs);
    if (auth.credential.generation > 0 && facts !== undefined) {
      this.#account = Object.freeze({ ...this.#account, facts: Object.freeze({ ...facts }) });
    }
  }

  /** Sending a token that has ended would only have the account refused. */
  #refuseEnded({ needsLogin }: KeptLogin, { expiresAtMs = Infinity }: Credential): void {
    const { id, label } = this.account;
    if (needsLogin !== undefined) {
      throw new GatewayError('AUTH_NEEDS_LOGIN', `account ${label} needs a login: ${needsLogin}`, {
        failure: { kind: 'auth', scope: 'account' },
      });
    }
    if (this.#clock.now() < expiresAtMs) return;
    throw new GatewayError(
      'UPSTREAM_AUTH',
      `the login of account ${label} (${id}) has ended and can't be renewed for now`,
      {
        failure: { kind: 'upstream', scope: 'account' },
      },
    );
  }

  /** Never rejects: whatever goes wrong leaves the former credential in place. */
  async #obtain(authenticator: Authenticator, former: Credential): Promise<Credential | undefined> {
    try {
      return await this.#ask(authenticator, former);
    } catch (error) {
      this.#logger.warn(`account ${this.account.label} could not renew its credential`, {
        account: this.account.id,
        error,
      });
      return undefined;
    }
  }

  /** Waited for: the authenticator of an isolated plugin is asked in its own process. */
  async #spends(authenticator: Authenticator, credential: Credential): Promise<boolean> {
    try {
      const spends = await Promise.resolve(authenticator.refreshSpends?.(credential));
      return spends !== false;
    } catch (error) {
      this.#logger.error(this.#fault('threw at refreshSpends').message, { error });
      return true;
    }
  }

  async #ask(authenticator: Authenticator, former: Credential): Promise<Credential> {
    // For who stops waiting before it has come to an end.
    this.#renewalFault = this.#unknown('it is under way still');
    try {
      const next: unknown = await within(REFRESH_LIMIT_MS, (signal) =>
        authenticator.refresh?.(former, this.#context(signal)),
      );
      if (!isCredential(next)) throw this.#fault('gave junk instead of a renewed credential');
      this.#renewalFault = undefined;
      return next;
    } catch (error) {
      const why = isOutOfTime(error)
        ? `it has not come to an end within ${REFRESH_LIMIT_MS / 1000} s`
        : this.masked(sentenceOf(error));
      if (isOwnFault(error)) this.#onFault?.('login', error, 'it renewed a credential');
      this.#renewalFault = isGatewayError(error) ? error : this.#unknown(why, error);
      throw this.#renewalFault;
    }
  }

  /** The login may be as good as before: that nobody knows is no reason to have a person log in. */
  #unknown(why: string, cause?: unknown): GatewayError {
    return new GatewayError(
      'AUTH_OUTCOME_UNKNOWN',
      `whether the login of account ${this.account.label} was renewed is unknown: ${why}`,
      {
        failure: { kind: 'upstream', scope: 'account' },
        ...(cause === undefined ? {} : { cause }),
      },
    );
  }

  #context(signal: AbortSignal): AuthContext {
    return { signal, http: this.#bare, logger: this.#logger };
  }

  #fault(what: string, cause?: unknown): GatewayError {
    return new GatewayError(
      'PLUGIN_FAULT',
      `authenticator "${this.account.authenticator ?? ''}" of plugin "${this.instanceId}" ${what}`,
      cause === undefined ? {} : { cause },
    );
  }
}

function isRequest(value: unknown): value is OutgoingRequest {
  if (typeof value !== 'object' || value === null) return false;
  const { url, method, headers } = value as Record<string, unknown>;
  return (
    typeof url === 'string' &&
    typeof method === 'string' &&
    typeof headers === 'object' &&
    headers !== null
  );
}
