import { errorRow, GatewayError } from '@cliproxy/plugin-api';
import type { ErrorCode, FailureKind } from '@cliproxy/plugin-api';
import type { Candidate, Plan } from '../routing/plan.ts';
import { enableRemedy } from '../routing/explain.ts';
import { whyOut } from './why-out.ts';
import type { FailedAttempt } from './why-out.ts';

/** What is known once nobody answered. */
export interface NoAnswerCase {
  /** As things stand now, after the failures of this request. */
  readonly plan: Plan;
  /** The failures of this request, in their order. */
  readonly failures: readonly (FailedAttempt & { readonly error: GatewayError })[];
  /** A target that could not do what the request asks for, if nothing else stood in the way. */
  readonly unsupported: GatewayError | undefined;
  /** When the first account is back, in milliseconds since 1970, where that is known. */
  readonly soonestResetMs: number | undefined;
  readonly nowMs: number;
}

/** Told as `Retry-After` where nobody knows when an account will be back: a person has to act. */
const UNKNOWN_RESET_MS = 60_000;
/** Something is usable already, but this request may not try any more. */
const SOON_MS = 1_000;

const lasting: readonly FailureKind[] = ['auth', 'billing', 'forbidden', 'not-found'];

/**
 * The error for a client whom nobody answers. Says why, and when to come back; never lets our own
 * accounts' 401 or 403 look like the client's.
 */
export function noAnswer(found: NoAnswerCase): GatewayError {
  const { plan, failures, unsupported } = found;
  if (failures.length > 0) return afterFailures(found);
  if (plan.via === undefined) return modelNotFound(plan);
  if (unsupported !== undefined) return unsupported;
  return withoutAttempt(found);
}

/** Every 429 and 503 says when to come back. */
export function withRetryTime(error: GatewayError, nowMs: number): GatewayError {
  const { status } = errorRow(error.code);
  if (status !== 429 && status !== 503) return error;
  if (error.failure?.resetAtMs !== undefined) return error;
  const { kind } = errorRow(error.code);
  const resetAtMs = nowMs + (kind === 'overloaded' ? 5_000 : UNKNOWN_RESET_MS);
  return new GatewayError(error.code, error.message, {
    failure: { kind, scope: 'request', ...error.failure, resetAtMs },
    ...(error.cause === undefined ? {} : { cause: error.cause }),
  });
}

function modelNotFound(plan: Plan): GatewayError {
  const { requested, near } = plan;
  const name = shown(requested);
  const guess = near.length === 0 ? '.' : `; did you mean ${near.join(', ')}?`;
  const remedy = enableRemedy(plan);
  const message = `no provider serves the model ${name}${guess} GET /v1/models lists those that are served${remedy === '' ? '' : `.${remedy}`}`;
  return new GatewayError('ROUTE_MODEL_NOT_FOUND', message, {
    failure: { kind: 'not-found', scope: 'request' },
  });
}

function afterFailures(found: NoAnswerCase): GatewayError {
  const { plan, failures } = found;
  const kinds = new Set([...failures.map(({ failure }) => failure.kind), ...coolingKinds(plan)]);
  // What passes by itself says more to a client than what a person has to mend.
  const telling =
    failures.findLast(({ failure }) => !lasting.includes(failure.kind)) ??
    (kinds.size === 1 ? failures.at(-1) : undefined);
  if (telling === undefined) return outForNow(found, 'ROUTE_NO_ACCOUNT', 'overloaded');
  const { error, failure } = telling;
  return timed(found, error.code, withOthers(found, telling), failure.kind, error.cause);
}

/** What one target said, why no other answers instead, and what to do. */
function withOthers(
  { plan, failures, nowMs }: NoAnswerCase,
  { instanceId, error }: NoAnswerCase['failures'][number],
): string {
  const { message } = error;
  const names = message.startsWith(`${instanceId}:`) || message.includes(`"${instanceId}"`);
  const named = names ? message : `${instanceId}: ${message}`;
  const sentences = [asSentence(named)];
  const others = plan.candidates.filter((candidate) => candidate.instanceId !== instanceId);
  if (others.length > 0) {
    const model = shown(plan.model);
    const why = whyOut(others, failures, nowMs);
    sentences.push(asSentence(`Nobody else can answer for the model ${model} now: ${why}`));
  }
  const { remedy } = errorRow(error.code);
  if (!message.includes(remedy)) sentences.push(remedy);
  return sentences.join(' ');
}

/** Nothing could even be tried. */
function withoutAttempt(found: NoAnswerCase): GatewayError {
  const { candidates } = found.plan;
  const reasons = new Set(candidates.map(({ reason }) => reason));
  const has = (...any: readonly Candidate['reason'][]): boolean => any.some((r) => reasons.has(r));
  if (
    candidates.some(({ usable }) => usable) ||
    has('cooling', 'sick', 'trial-under-way', 'probe-down', 'busy')
  ) {
    return outForNow(found, ...codeForCooling(found.plan));
  }
  if (has('invalid-key')) return outForNow(found, 'AUTH_INVALID_KEY', 'upstream');
  if (has('needs-login')) return outForNow(found, 'AUTH_NEEDS_LOGIN', 'upstream');
  if (has('instance-failed', 'instance-disabled')) {
    return outForNow(found, 'PLUGIN_UNAVAILABLE', 'upstream');
  }
  const why = whyOut(candidates, [], found.nowMs);
  const { remedy } = errorRow('ROUTE_NOT_CAPABLE');
  const message = `no target of the model ${shown(found.plan.model)} can do what the request asks for: ${asSentence(why)} ${remedy}`;
  return new GatewayError('ROUTE_NOT_CAPABLE', message, {
    failure: { kind: 'bad-request', scope: 'request' },
  });
}

function codeForCooling(plan: Plan): readonly [ErrorCode, FailureKind] {
  const kinds = coolingKinds(plan);
  const only = kinds.size === 1 ? [...kinds][0] : undefined;
  switch (only) {
    case 'rate-limit':
      return ['ROUTE_RATE_LIMITED', 'rate-limit'];
    case 'not-found':
      return ['UPSTREAM_NOT_FOUND', 'not-found'];
    case 'billing':
      return ['UPSTREAM_BILLING', 'billing'];
    case 'forbidden':
      return ['UPSTREAM_FORBIDDEN', 'forbidden'];
    default:
      return ['ROUTE_NO_ACCOUNT', 'overloaded'];
  }
}

function coolingKinds({ candidates }: Plan): ReadonlySet<FailureKind> {
  const kinds = new Set<FailureKind>();
  for (const { accounts } of candidates) {
    for (const { usable, kind } of accounts) if (!usable && kind !== undefined) kinds.add(kind);
  }
  return kinds;
}

function outForNow(found: NoAnswerCase, code: ErrorCode, kind: FailureKind): GatewayError {
  const { plan, failures, nowMs } = found;
  const why = asSentence(whyOut(plan.candidates, failures, nowMs));
  const message = `nobody can answer for the model ${shown(plan.model)} now: ${why} ${errorRow(code).remedy}`;
  return timed(found, code, message, kind);
}

function timed(
  { soonestResetMs, nowMs }: NoAnswerCase,
  code: string,
  message: string,
  kind: FailureKind,
  cause?: unknown,
): GatewayError {
  const { status } = errorRow(code);
  const resetAtMs = Math.max(soonestResetMs ?? nowMs + UNKNOWN_RESET_MS, nowMs + SOON_MS);
  const tells = status === 429 || status === 503;
  return new GatewayError(code, message, {
    failure: { kind, scope: 'request', ...(tells ? { resetAtMs } : {}) },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A model's name; clients made it up, so it may hold anything. */
function shown(name: string): string {
  return JSON.stringify(name.slice(0, 128));
}

function asSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
