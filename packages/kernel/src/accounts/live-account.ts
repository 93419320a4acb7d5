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
import type { AllowedHosts } from '../http/allowed-hosts.ts';
import { accountDoor, bareDoor } from '../http/http-door.ts';
import type { UpstreamLane } from '../http/upstream-pools.ts';
import { within } from '../plugins/within.ts';
import type { Clock } from '../ports/clock.ts';
import type { AccountHandle } from './account-handle.ts';
import type { AccountSource } from './account-view.ts';
import { type HeldCredential, isCredential } from './held-credential.ts';

const REFRESH_AHEAD_MS = 120_000;
const REFRESH_LIMIT_MS = 30_000;
/** After a refresh that failed, none is tried ahead of time for this long. */
const REFRESH_PAUSE_MS = 30_000;

/** How an account proves itself. */
export interface AccountAuth {
  readonly authenticator: Authenticator;
  readonly credential: HeldCredential;
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
}

/** An account at work: puts its credential on requests and renews it in time. */
export class LiveAccount implements AccountHandle {
  readonly account: Account;
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
  #noRefreshBefore = -Infinity;

  constructor(options: LiveAccountOptions) {
    this.account = options.account;
    this.instanceId = options.instanceId;
    this.source = options.source;
    this.authMethod = options.auth?.authenticator.method;
    this.#auth = options.auth;
    this.#lane = options.lane;
    this.#bare = bareDoor(options.lane, options.hosts);
    this.#logger = options.logger;
    this.#clock = options.clock;
    this.#mask = options.mask;
    this.http = accountDoor(options.lane, options.hosts, (request, signal) =>
      this.authorize(request, signal),
    );
  }

  get generation(): number {
    return this.#auth?.credential.generation ?? 0;
  }

  get expiresAtMs(): number | undefined {
    return this.#auth?.credential.value.expiresAtMs;
  }

  masked(text: string): string {
    const masked = this.#auth?.credential.masked(text) ?? text;
    return this.#mask === undefined ? masked : this.#mask(masked);
  }

  async authorize(request: OutgoingRequest, signal: AbortSignal): Promise<OutgoingRequest> {
    const auth = this.#auth;
    if (auth === undefined) return request;
    signal.throwIfAborted();
    if (this.#due(auth)) await this.refresh(auth.credential.generation);
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
    const renewed = await auth.credential.renew(generation, (former) =>
      this.#obtain(auth.authenticator, former),
    );
    if (!renewed) this.#noRefreshBefore = this.#clock.monotonic() + REFRESH_PAUSE_MS;
    return renewed;
  }

  /** The account is gone: running answers may end, nothing new begins. */
  retire(): void {
    this.#lane.close();
  }

  #due(auth: AccountAuth): boolean {
    const { expiresAtMs } = auth.credential.value;
    if (expiresAtMs === undefined || auth.authenticator.refresh === undefined) return false;
    const aheadMs = auth.authenticator.refreshAheadMs ?? REFRESH_AHEAD_MS;
    if (this.#clock.now() < expiresAtMs - aheadMs) return false;
    return this.#clock.monotonic() >= this.#noRefreshBefore;
  }

  /** Never rejects: whatever goes wrong leaves the former credential in place. */
  async #obtain(authenticator: Authenticator, former: Credential): Promise<Credential | undefined> {
    try {
      const next: unknown = await within(REFRESH_LIMIT_MS, (signal) =>
        authenticator.refresh?.(former, this.#context(signal)),
      );
      if (!isCredential(next)) throw this.#fault('gave junk instead of a renewed credential');
      return next;
    } catch (error) {
      this.#logger.warn(`account ${this.account.label} could not renew its credential`, {
        account: this.account.id,
        error,
      });
      return undefined;
    }
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
