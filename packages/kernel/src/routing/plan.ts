import type { Capability, Dialect, FailureKind, Operation } from '@cliproxy/plugin-api';
import type { AccountHandle } from '../accounts/account-handle.ts';
import type { HookChain } from '../hooks/hook-chain.ts';
import type { PluginInstance } from '../plugins/plugin-instance.ts';
import type { StrategyName } from '../ports/settings.ts';

/** What is asked of the routing table. */
export interface RouteQuery {
  /** The model's name as the client wrote it. */
  readonly model: string;
  readonly dialect: Dialect;
  readonly operation: Operation;
  readonly sessionKey?: string;
  /** See `RequestFacts.needs`; absent: nothing is needed. */
  needs?(): readonly Capability[];
}

/** Why a candidate is out; each has its sentence in `explain`. */
export type OutReason =
  | 'instance-failed'
  | 'instance-disabled'
  | 'needs-login'
  | 'no-executor'
  | 'operation-not-offered'
  | 'lacks-capability'
  | 'cooling'
  | 'sick'
  | 'invalid-key'
  | 'trial-under-way'
  | 'probe-down'
  | 'busy';

/** One account of a target, and whether it can be used now. */
export interface AccountChoice {
  readonly handle: AccountHandle;
  readonly usable: boolean;
  /** True: usable for exactly one trial request after cooling. */
  readonly trial: boolean;
  readonly reason?: OutReason;
  /** What kind of failure put it out; tells a 429 from a 404 from a 503. */
  readonly kind?: FailureKind;
  /** Until when it is out, in milliseconds since 1970. */
  readonly untilMs?: number;
  /** The sentence that came with the failure. */
  readonly detail?: string;
  /** As configured for the account. */
  readonly weight?: number;
  readonly priority?: number;
}

/** One target of a model: an instance and the model's name there. */
export interface Candidate {
  readonly instanceId: string;
  /** Absent where the configuration names an instance that is not there. */
  readonly instance: PluginInstance | undefined;
  /** The model's name at the upstream. */
  readonly upstreamModel: string;
  /** How the request is to be encoded; best first. Empty for executors of the kind `events`. */
  readonly dialects: readonly Dialect[];
  /** Top-level parameters that the model refuses. */
  readonly refuses: readonly string[];
  readonly maxOutputTokens?: number;
  /** As configured for the target. */
  readonly weight?: number;
  readonly priority?: number;
  /** Its usual time to the first token of late, in milliseconds, where the strategy asks for it. */
  readonly latencyMs?: number;
  /** Accounts in the order in which to try them; usable ones first. */
  readonly accounts: readonly AccountChoice[];
  readonly usable: boolean;
  readonly reason?: OutReason;
  /** What is lacking, which instance is missing, … */
  readonly detail?: string;
}

/** How a name was found. */
export type RouteVia = 'route' | 'instance' | 'pattern' | 'listed';

/** The decision for one request: which targets and accounts to try, in order, and why. */
export interface Plan {
  /** As asked for. */
  readonly requested: string;
  /** After aliases. */
  readonly model: string;
  readonly alias: boolean;
  /** Absent: nothing matches. */
  readonly via?: RouteVia;
  /** The route's or pattern's text, where there is one. */
  readonly match?: string;
  readonly strategy: StrategyName;
  readonly candidates: readonly Candidate[];
  /** Names that are near, where nothing matches. */
  readonly near: readonly string[];
  /** Disabled instances, where nothing matches and there are any. */
  readonly disabled?: readonly string[];
  /** The hooks that see requests for it; absent: none does. */
  readonly hooks?: HookChain;
}
