import type { ChildState, Failure, FailureKind, FinishReason, Usage } from '@cliproxy/plugin-api';
import type { FaultPlace } from '../faults/instance-faults.ts';

/** What one attempt came to. */
export interface AttemptRecord {
  readonly instanceId: string;
  /** Account id. */
  readonly account: string;
  /** Masked label of the account. */
  readonly accountLabel: string;
  /** The model's name at the upstream. */
  readonly model: string;
  /** Milliseconds from the start of the request. */
  readonly startedMs: number;
  readonly durationMs: number;
  /** HTTP status of the upstream, where one came. */
  readonly status?: number;
  readonly outcome: 'answered' | 'failed' | 'client-left';
  readonly failure?: FailureKind;
  /** Whom the failure concerns; `request`: no account is to blame. */
  readonly scope?: Failure['scope'];
  /** Error code and the sentence for a person; no secrets. */
  readonly code?: string;
  readonly reason?: string;
  /** What was left out of the request, after the upstream had refused it. */
  readonly without?: 'reasoning';
  /** The upstream's own request id. */
  readonly upstreamRequestId?: string;
}

/** Told once per client request, when it is over. The log line and every figure come from it. */
export interface RequestFinished {
  readonly type: 'request-finished';
  readonly requestId: string;
  readonly dialect: string;
  readonly operation: string;
  /** The model that was asked for. */
  readonly model: string;
  readonly stream: boolean;
  /** Masked label of the client key. */
  readonly client?: string;
  readonly outcome: 'answered' | 'failed' | 'broken' | 'client-left';
  /** Status that the client got. */
  readonly status: number;
  /** Error code, where the request failed. */
  readonly code?: string;
  /** True: the answer's bytes passed unchanged in kind (same dialect in and out). */
  readonly passthrough?: boolean;
  readonly attempts: readonly AttemptRecord[];
  readonly durationMs: number;
  /** Milliseconds to the commit point. */
  readonly firstTokenMs?: number;
  readonly usage?: Usage;
  readonly finish?: FinishReason;
  /** Parameters that could not be honoured. */
  readonly ignored?: readonly string[];
  /** What of the answer the gateway estimated, since no target could tell it. */
  readonly estimated?: string;
}

/** Told when an account's state changes. */
export interface AccountChanged {
  readonly type: 'account-changed';
  readonly instanceId: string;
  readonly account: string;
  readonly accountLabel: string;
  /** The model concerned, where only one is. */
  readonly model?: string;
  readonly state: 'usable' | 'cooling' | 'trial' | 'needs-login' | 'invalid-key' | 'probe-down';
  readonly reason?: string;
  /** Milliseconds since 1970, where it ends by itself. */
  readonly untilMs?: number;
}

/** Told when a plugin instance's state changes. */
export interface PluginChanged {
  readonly type: 'plugin-changed';
  readonly instanceId: string;
  readonly state: 'starting' | 'ready' | 'needs-login' | 'failed' | 'stopped' | 'disabled';
  readonly reason?: string;
}

/** Told when the state of a plugin's child process changes. */
export interface ChildChanged {
  readonly type: 'child-changed';
  readonly instanceId: string;
  /** Its name within the instance. */
  readonly child: string;
  readonly state: ChildState;
  readonly pid?: number;
  /** How often it was started again. */
  readonly restarts: number;
  /** How its process ended, where it failed. */
  readonly reason?: string;
  /** When it is started again, in milliseconds since 1970. */
  readonly untilMs?: number;
  /** The file that holds what it prints. */
  readonly log?: string;
}

/** Told of a plugin's own faults; many in a short time are told together. */
export interface PluginFaulted {
  readonly type: 'plugin-faulted';
  readonly instanceId: string;
  readonly where: FaultPlace;
  /** How many faults this stands for. */
  readonly count: number;
  /** What the last of them was; no secrets. */
  readonly message: string;
  /** What was thrown, for the log; where there is more than the message. */
  readonly cause?: unknown;
  readonly requestId?: string;
}

/** Told when an instance is put out because of its own faults, again after a trial, and when it is back. */
export interface CircuitChanged {
  readonly type: 'circuit-changed';
  readonly instanceId: string;
  readonly state: 'open' | 'closed';
  /** Why it is out; no secrets. */
  readonly reason?: string;
  /** When it is tried again, in milliseconds since 1970. */
  readonly untilMs?: number;
  /** How often in a row it was put out. */
  readonly openings?: number;
}

/**
 * Told of errors that nobody caught and that can't be put down to an instance; many in a short time
 * are told together.
 */
export interface StrayError {
  readonly type: 'stray-error';
  /** How many this stands for. */
  readonly count: number;
  /** What the last of them was; no secrets. */
  readonly message: string;
  /** What was thrown, for the log. */
  readonly cause?: unknown;
}

/** Everything the kernel tells. */
export type KernelEvent =
  | RequestFinished
  | AccountChanged
  | PluginChanged
  | ChildChanged
  | PluginFaulted
  | CircuitChanged
  | StrayError;

/** Listens to the kernel. Must not throw and must not block. */
export interface EventSink {
  emit(event: KernelEvent): void;
}
