import type { AccountView } from './accounts/account-view.ts';
import type { IngressCall } from './dispatch/ingress-call.ts';
import type { HealthSnapshot } from './health/health-snapshot.ts';
import type { Logins } from './logins/logins.ts';
import type { Problem } from './ports/problem.ts';
import type { KernelSettings } from './ports/settings.ts';
import type { Sockets } from './sockets/sockets.ts';
import type { Plan, RouteQuery } from './routing/plan.ts';

/** One entry of the model list. */
export interface ModelEntry {
  readonly id: string;
  readonly displayName?: string;
  /** The instance that serves it first. */
  readonly ownedBy: string;
  readonly contextTokens?: number;
  readonly maxOutputTokens?: number;
}

/** What became of an attempt to apply a configuration. */
export interface ApplyResult {
  /** True: the configuration is in force. False: the former one still is. */
  readonly applied: boolean;
  /** Everything that is wrong, also with instances that are not required. */
  readonly problems: readonly Problem[];
}

/** What became of an attempt to begin one plugin instance anew. */
export interface ReloadResult {
  /** True: requests see the new one. False: the former one goes on as it was. */
  readonly reloaded: boolean;
  /** Why not. */
  readonly problems: readonly Problem[];
  /** Of the package on disk; empty where it can't be read. */
  readonly version: string;
  /**
   * A file of the package that has changed since its code was imported: Node keeps what it has imported
   * from a path, so the code that runs is still the former. Absent: none, or the code is from another path.
   */
  readonly changedFile?: string;
}

/** The kernel as its callers see it. */
export interface Kernel {
  /**
   * Applies a configuration: plans all instances, sets up those that are new or changed, puts them
   * to work together, and retires the former ones once their last call is over. The first call
   * starts the kernel.
   */
  apply(settings: KernelSettings): Promise<ApplyResult>;
  /**
   * Makes a new instance of a plugin from its package as it is on disk, and puts it into the place of the
   * former one, which ends after its last call. When it can't be set up, the former one stays.
   *
   * @throws GatewayError `PLUGIN_UNKNOWN`, `PLUGIN_UNAVAILABLE` when it is disabled.
   */
  reload(instanceId: string): Promise<ReloadResult>;
  /** Stops instances in reverse order. Requests that are still under way are aborted. */
  stop(): Promise<void>;
  /** Pure: decides, changes nothing. */
  plan(query: RouteQuery): Plan;
  /**
   * Answers one client's request. Resolves when the answer is over, well or not.
   *
   * @throws GatewayError before the commit point; nothing has been written then. Its
   *   `failure.resetAtMs` is what to tell as `Retry-After`.
   */
  handle(call: IngressCall): Promise<void>;
  models(): readonly ModelEntry[];
  /** Logs accounts in and out. */
  readonly logins: Logins;
  /** The WebSocket paths of plugins. */
  readonly sockets: Sockets;
  /** Every account, for its operator. No secret is in it. */
  accounts(): readonly AccountView[];
  /**
   * Forgets what stands against an account and its instance, or against all: the next request tries
   * them.
   *
   * @throws GatewayError `AUTH_ACCOUNT_UNKNOWN`
   */
  resetAccounts(accountId?: string): void;
  /**
   * Takes an error that nobody caught, or a rejection that nobody awaits. A plugin's is counted as
   * its fault, and what belongs to nobody is told as `stray-error`.
   *
   * @returns whose it is. The gateway's own is for the caller to deal with.
   */
  noteStray(error: unknown): 'plugin' | 'gateway' | 'unknown';
  health(): HealthSnapshot;
  /** Runs every probe now, then answers as {@link Kernel.health}. */
  checkHealth(signal: AbortSignal): Promise<HealthSnapshot>;
  /** Each set-up instance's configuration schema, by instance id. */
  schemas(): Readonly<Record<string, object>>;
}
