import type { Failure, FailureKind } from '@cliproxy/plugin-api';
import type { AccountChoice, Candidate, OutReason } from '../routing/plan.ts';

const MAX_TARGETS = 5;
const MAX_SENTENCE_CHARS = 200;

/** After the instance's name. */
const deeds: Readonly<Record<FailureKind, string>> = {
  'bad-request': 'refused the request',
  auth: 'its credentials were refused',
  billing: 'refused over its billing',
  forbidden: 'its account may not do this',
  'not-found': 'does not know the model',
  'too-large': 'refused the request as too large',
  'rate-limit': 'its rate limit is reached',
  overloaded: 'is overloaded',
  timeout: 'took too long',
  network: 'its connection failed',
  upstream: 'failed',
};

const obstacles: Readonly<Record<OutReason, string>> = {
  'instance-failed': 'is not at work',
  'instance-disabled': 'is not enabled',
  'needs-login': 'needs a login',
  'no-executor': 'answers no model requests',
  'operation-not-offered': 'does not offer this',
  'lacks-capability': 'lacks',
  cooling: 'is left alone after a failure',
  sick: 'its plugin fails again and again',
  'invalid-key': 'its API key was refused',
  'trial-under-way': 'another request is trying it after a failure',
  'probe-down': 'its health probe is down',
  busy: 'answers as many requests as it may already',
};

/** Vendors' sentences about these speak of keys and accounts that are no business of a client. */
const ownAccount: readonly (FailureKind | undefined)[] = ['auth', 'billing', 'forbidden'];

/** One attempt's failure within a request. */
export interface FailedAttempt {
  readonly instanceId: string;
  readonly failure: Failure;
}

/**
 * Why each target does not answer, for the client: one clause per target, the first five.
 *
 * @param failures - this request's own, in their order; they speak for targets with accounts left.
 * @param nowMs - milliseconds since 1970; countdowns begin there.
 */
export function whyOut(
  candidates: readonly Candidate[],
  failures: readonly FailedAttempt[],
  nowMs: number,
): string {
  const clauses = candidates.slice(0, MAX_TARGETS).map((one) => {
    const last = failures.findLast(({ instanceId }) => instanceId === one.instanceId);
    return clauseOf(one, last?.failure, nowMs);
  });
  const more = candidates.length - MAX_TARGETS;
  if (more > 0) clauses.push(`and ${more} more`);
  return clauses.join('; ');
}

function clauseOf(candidate: Candidate, failure: Failure | undefined, nowMs: number): string {
  const { instanceId, usable, reason, detail, accounts } = candidate;
  if (usable || reason === undefined) {
    if (failure === undefined) return `${instanceId}: was not tried any more`;
    return `${instanceId}: ${deed(failure.kind, failure.message)}`;
  }
  const first = soonest(accounts);
  if (first !== undefined && !first.usable && first.reason === reason) {
    const all = accounts.length === 1 ? '' : `none of its ${accounts.length} accounts is usable, `;
    return `${instanceId}: ${all}${accountClause(first, nowMs)}`;
  }
  if (reason === 'needs-login' && accounts.length === 0) {
    return `${instanceId}: has no account${quoted(detail)}`;
  }
  if (reason === 'lacks-capability') return `${instanceId}: lacks ${detail ?? 'something'}`;
  return `${instanceId}: ${obstacles[reason]}${quoted(detail)}`;
}

function accountClause(choice: AccountChoice, nowMs: number): string {
  const { reason = 'cooling', kind, detail, untilMs } = choice;
  // What a plugin threw is for its operator.
  const sentence = reason === 'sick' || ownAccount.includes(kind) ? '' : quoted(detail);
  const what =
    reason === 'cooling' && kind !== undefined
      ? deed(kind, detail)
      : `${obstacles[reason]}${sentence}`;
  const again = untilMs === undefined ? '' : `, tried again in ${duration(untilMs - nowMs)}`;
  return `${what}${again}`;
}

function deed(kind: FailureKind, sentence: string | undefined): string {
  return `${deeds[kind]}${ownAccount.includes(kind) ? '' : quoted(sentence)}`;
}

/** The account that comes back first speaks for all. */
function soonest(accounts: readonly AccountChoice[]): AccountChoice | undefined {
  const back = ({ untilMs = Infinity }: AccountChoice): number => untilMs;
  let first = accounts[0];
  for (const one of accounts) if (first !== undefined && back(one) < back(first)) first = one;
  return first;
}

function quoted(sentence: string | undefined): string {
  if (sentence === undefined) return '';
  return ` ("${sentence.slice(0, MAX_SENTENCE_CHARS).replace(/[\s\x00-\x1f\x7f]+/g, ' ')}")`;
}

function duration(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1_000));
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
