import type { FailureKind } from '@cliproxy/plugin-api';
import type { AccountHandle } from '../accounts/account-handle.ts';
import type { AttemptEnd } from './attempt-input.ts';
import { errorOfThrown, failureOf, withoutSecrets } from './failure-of.ts';

/** By these, who gives out tokens could not be asked, or had no time. */
const PASSING: readonly FailureKind[] = [
  'network',
  'timeout',
  'upstream',
  'overloaded',
  'rate-limit',
];

/**
 * What an attempt came to whose token was refused and could not be renewed. Where who gives out
 * tokens fails for a while, that is the failure: the login is as good as before, and is tried again
 * when such failures are.
 */
export function unrenewed(
  refused: AttemptEnd,
  handle: AccountHandle,
  instanceId: string,
): AttemptEnd {
  const { renewalFault, needsLogin } = handle;
  // Why a person has to log in says more than that the token was refused.
  if (needsLogin !== undefined && refused.outcome === 'failed') {
    const failure = { ...refused.failure, message: handle.masked(needsLogin) };
    return { ...refused, failure };
  }
  if (renewalFault === undefined) return refused;
  const error = withoutSecrets(errorOfThrown(renewalFault, instanceId), (text) =>
    handle.masked(text),
  );
  const failure = failureOf(error);
  const passing = PASSING.includes(failure.kind) && failure.scope !== 'request';
  return passing ? { outcome: 'failed', error, failure } : refused;
}
