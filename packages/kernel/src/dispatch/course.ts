import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';
import type { Failure } from '@cliproxy/plugin-api';
import type { AttemptOutcome } from '../accounts/account-book.ts';
import type { Candidate } from '../routing/plan.ts';
import type { AttemptEnd } from './attempt-input.ts';
import type { Flight } from './flight.ts';
import type { AnswerHome } from './kept-answers.ts';
import type { NoAnswerCase } from './no-answer.ts';
import type { DispatchSettings } from './prepared-call.ts';
import type { Waiter } from './waiting-line.ts';

/** What one client request has come to so far. */
export interface Course {
  readonly flight: Flight;
  readonly settings: DispatchSettings;
  readonly failures: NoAnswerCase['failures'][number][];
  /** Instances that need not be tried again for this request. */
  readonly skipped: Set<string>;
  /** Who keeps what the request goes on from: then nobody else is asked. */
  readonly home: AnswerHome | undefined;
  unsupported: GatewayError | undefined;
  /** Targets that a hook keeps the request away from, and what it says. */
  vetoes: Map<string, GatewayError> | undefined;
  /** An instance has ended since the plan was made; another may have taken its place. */
  ended: boolean;
  tried: number;
  /** Accounts, and their instances, that were passed over because all their places were taken. */
  busy: Set<string>;
  /** Its position in the line. */
  waiter: Waiter | undefined;
}

/**
 * Whether what was not found may be the operation: look-alikes of a vendor's API often lack all but
 * generating. That says nothing about the model, which stays in for what it can do.
 */
export function isUnknownOperation({ flight }: Course, { kind }: Failure): boolean {
  return kind === 'not-found' && flight.call.request.facts.operation !== 'generate';
}

/** What the account book is told of an attempt that failed. */
export function outcomeOf(
  { error, failure }: Extract<AttemptEnd, { readonly error: GatewayError }>,
  requestId: string,
): AttemptOutcome {
  const own = error.code === 'PLUGIN_FAULT' || error.code === 'PLUGIN_HOST_FORBIDDEN';
  if (!own) return { type: 'failed', failure };
  return { type: 'faulted', error, requestId };
}

/** Tells targets apart. */
export function targetKey({ instanceId, upstreamModel }: Candidate): string {
  return `${instanceId}/${upstreamModel}`;
}

/** The gateway is about to end. */
export function stopping(): GatewayError {
  return new GatewayError('KERNEL_STOPPING', 'the gateway is shutting down; try again in a moment');
}

/** What a client is told of whatever was thrown on its way. */
export function asGatewayError(thrown: unknown): GatewayError {
  if (isGatewayError(thrown)) return thrown;
  return new GatewayError('KERNEL_INTERNAL', 'the gateway failed to handle the request', {
    failure: { kind: 'upstream', scope: 'request' },
    cause: thrown,
  });
}
