import type { GatewayError } from '@cliproxy/plugin-api';
import type { PluginInstance } from '../plugins/plugin-instance.ts';
import type { Clock } from '../ports/clock.ts';
import type { Dialects, EventStage, ToldFailure } from '../ports/dialects.ts';
import type { AccountChoice, Candidate } from '../routing/plan.ts';
import type { IngressCall } from './ingress-call.ts';
import type { DispatchSettings, PreparedCall } from './prepared-call.ts';

/** Everything that one attempt needs. */
export interface AttemptInput {
  readonly call: IngressCall;
  readonly candidate: Candidate;
  readonly instance: PluginInstance;
  readonly choice: AccountChoice;
  readonly prepared: PreparedCall;
  /** 1 for the first attempt. */
  readonly number: number;
  readonly settings: DispatchSettings;
  readonly clock: Clock;
  readonly dialects: Pick<Dialects, 'classify' | 'quotas'>;
  /** When to commit whatever is held, in monotonic milliseconds; absent: never. */
  readonly commitAtMs: number | undefined;
  /** Nothing was sent to the client for so long: a heartbeat is. */
  readonly heartbeatMs: number;
  /** What changes the events of its answer, made when one begins; absent: nothing does. */
  readonly stage?: (() => EventStage | undefined) | undefined;
  /** Called at the commit point. */
  readonly onCommit: () => void;
}

/**
 * How an attempt ended. `failed`: the client has seen nothing of it. `broken`: it failed after the
 * commit point, and the client was told.
 */
export type AttemptEnd =
  | { readonly outcome: 'answered' | 'client-left' }
  | {
      readonly outcome: 'failed' | 'broken';
      readonly error: GatewayError;
      readonly failure: ToldFailure;
    };
