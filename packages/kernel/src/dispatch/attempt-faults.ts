import { errorRow, GatewayError } from '@cliproxy/plugin-api';
import type { Failure } from '@cliproxy/plugin-api';
import type { AttemptPhase } from './attempt-clock.ts';
import { pluginFault } from './failure-of.ts';
import type { PreparedCall } from './prepared-call.ts';

/** The upstream kept us waiting. */
export function timeoutError(
  instanceId: string,
  what: Exclude<AttemptPhase, 'error-body'> | 'total',
  afterMs: number,
): GatewayError {
  const deeds = {
    'first-byte': 'sent no byte of its answer',
    idle: 'sent nothing more',
    total: 'did not complete its answer',
  };
  const message = `${instanceId}: the upstream ${deeds[what]} within ${afterMs} ms`;
  // An answer that ran for the whole time is not begun anew: nobody waits twice as long.
  const scope = what === 'total' ? 'request' : 'account';
  return new GatewayError('UPSTREAM_TIMEOUT', message, { failure: { kind: 'timeout', scope } });
}

/** Translations know nothing of instances: whose answer was too large is said here. */
export function named(error: GatewayError, instanceId: string): GatewayError {
  if (error.code !== 'UPSTREAM_TOO_LARGE' || error.message.includes(instanceId)) return error;
  const message = `${instanceId}: ${error.message}`;
  return new GatewayError(error.code, message, {
    ...(error.failure === undefined ? {} : { failure: error.failure }),
    ...(error.cause === undefined ? {} : { cause: error.cause }),
  });
}

/** A pipe that threw an error of the language met what no check foresaw. */
export function oddAnswer(
  kind: PreparedCall['kind'],
  instanceId: string,
  cause: unknown,
): GatewayError {
  if (kind === 'reply') return pluginFault(instanceId, 'gave an answer that makes no sense', cause);
  if (kind === 'events') return pluginFault(instanceId, 'gave events that make no sense', cause);
  const message = `${instanceId}: ${errorRow('UPSTREAM_BAD_ANSWER').when}`;
  const failure: Failure = { kind: 'upstream', scope: 'account' };
  return new GatewayError('UPSTREAM_BAD_ANSWER', message, { failure, cause });
}
