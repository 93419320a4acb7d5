import { explainHook, hookLine } from '../hooks/explain-hook.ts';
import type { ExplainedHook } from '../hooks/explain-hook.ts';
import type { AccountChoice, Candidate, OutReason, Plan, RouteVia } from './plan.ts';
import { ratingOf } from './strategies.ts';

/** One account of a candidate, in words. */
interface ExplainedAccount {
  readonly account: string;
  readonly label: string;
  readonly usable: boolean;
  readonly trial: boolean;
  readonly reason?: OutReason;
  readonly why: string;
  /** Milliseconds until it is tried again. */
  readonly retryInMs?: number;
  /** As configured. */
  readonly weight?: number;
  readonly priority?: number;
}

/** One candidate of a plan, in words. */
interface ExplainedCandidate {
  /** 1 is tried first. */
  readonly order: number;
  readonly instance: string;
  /** The model's name at the upstream. */
  readonly model: string;
  readonly usable: boolean;
  readonly reason?: OutReason;
  readonly why: string;
  /** How the request may be encoded, best first. */
  readonly dialects: readonly string[];
  readonly refuses: readonly string[];
  readonly maxOutputTokens?: number;
  /** `process`: the plugin runs in a process of its own. */
  readonly isolation?: 'process';
  /** As configured. */
  readonly weight?: number;
  readonly priority?: number;
  /** Its usual time to the first token of late, in milliseconds; for `least-latency`. */
  readonly latencyMs?: number;
  readonly accounts: readonly ExplainedAccount[];
}

/** A plan for people: how a name was found, and why each candidate is in or out. */
export interface Explanation {
  readonly requested: string;
  /** After aliases. */
  readonly model: string;
  readonly via?: RouteVia;
  readonly match?: string;
  readonly strategy: string;
  /** How the name was found, one sentence per step. */
  readonly steps: readonly string[];
  readonly candidates: readonly ExplainedCandidate[];
  readonly near: readonly string[];
  /** The hooks that see requests for it, in their order. */
  readonly hooks: readonly ExplainedHook[];
  /** The client's bytes go upstream as they are, where the target speaks the client's dialect. */
  readonly passthrough: boolean;
  readonly outcome: string;
}

const MAX_DISABLED = 10;

const stages: readonly { readonly via: RouteVia; readonly missed: string }[] = [
  { via: 'instance', missed: 'it does not begin with the id of a plugin instance and a slash' },
  { via: 'route', missed: 'no configured route matches it' },
  { via: 'pattern', missed: "no plugin's pattern matches it" },
  { via: 'listed', missed: 'no plugin lists it' },
];

const sentences: Readonly<Record<OutReason, string>> = {
  'instance-failed': 'the plugin instance is not at work',
  'instance-disabled': 'the plugin instance is not enabled',
  'needs-login': 'no account is logged in; add an API key or log in',
  'no-executor': 'the plugin answers no model requests',
  'operation-not-offered': 'the plugin does not offer this operation for the model',
  'lacks-capability': 'the model lacks what the request needs',
  cooling: 'cooling after a failure',
  sick: 'the plugin itself fails again and again',
  'invalid-key': 'the vendor refused the API key; replace it',
  'trial-under-way': 'another request is trying it after a failure',
  'probe-down': 'its health probe is down',
  busy: 'it answers as many requests as it may already',
};

/**
 * Puts a plan into words.
 *
 * @param nowMs - milliseconds since 1970; countdowns begin there.
 */
export function explainPlan(plan: Plan, nowMs: number): Explanation {
  const { requested, model, via, match, strategy, near } = plan;
  return {
    requested,
    model,
    ...(via === undefined ? {} : { via }),
    ...(match === undefined ? {} : { match }),
    strategy,
    steps: stepsOf(plan),
    candidates: plan.candidates.map((candidate, index) =>
      explainCandidate(candidate, index + 1, nowMs),
    ),
    near,
    hooks: (plan.hooks?.links ?? []).map(explainHook),
    passthrough: plan.hooks?.encodesAnew !== true,
    outcome: outcomeOf(plan, nowMs),
  };
}

/** An explanation as text for a terminal. */
export function formatExplanation(explanation: Explanation): string {
  const { requested, steps, candidates, hooks, outcome } = explanation;
  const lines = [requested, ...steps.map((step) => `  ${step}`)];
  if (candidates.length > 0) lines.push('', 'Candidates, in order:');
  for (const candidate of candidates) {
    const { order, instance, model, usable, why, dialects, accounts } = candidate;
    const as = dialects.length === 0 ? '' : ` (${dialects.join(', ')})`;
    const terms = termsOf(candidate);
    lines.push(
      `  ${order}. ${usable ? 'in ' : 'out'} ${instance} as ${model}${as}: ${why}${terms}`,
    );
    for (const account of accounts) {
      lines.push(
        `       ${account.usable ? 'in ' : 'out'} ${account.account} ${account.label}: ${account.why}${termsOf(account)}`,
      );
    }
  }
  if (hooks.length > 0) lines.push('', 'Hooks, in order:');
  lines.push(...hooks.map(hookLine));
  return [...lines, '', outcome].join('\n');
}

/** What its place among the others comes from. */
function termsOf(
  one: Pick<ExplainedCandidate, 'weight' | 'priority' | 'latencyMs' | 'isolation'>,
): string {
  const { weight, priority, latencyMs, isolation } = one;
  const terms = [
    isolation === undefined ? '' : 'in a process of its own',
    priority === undefined ? '' : `priority ${priority}`,
    weight === undefined ? '' : `weight ${weight}`,
    latencyMs === undefined ? '' : `first token after ${Math.round(latencyMs)} ms of late`,
  ].filter((term) => term !== '');
  return terms.length === 0 ? '' : ` [${terms.join(', ')}]`;
}

function stepsOf(plan: Plan): readonly string[] {
  const { requested, model, alias, via } = plan;
  const steps = alias
    ? [`"${requested}" is an alias of "${model}"`]
    : [`"${requested}" is not an alias`];
  for (const stage of stages) {
    if (stage.via === via) return [...steps, foundBy(plan, via)];
    steps.push(stage.missed);
  }
  return steps;
}

function foundBy({ match = '', strategy, candidates }: Plan, via: RouteVia): string {
  switch (via) {
    case 'instance':
      return `its beginning "${match}" names a plugin instance`;
    case 'route':
      return `the route "${match}" matches it; its targets are taken by ${strategy}`;
    case 'pattern':
      return `the plugin pattern "${match}" matches it`;
    case 'listed':
      return `listed by ${candidates.map(({ instanceId }) => instanceId).join(', ')}`;
  }
}

function explainCandidate(candidate: Candidate, order: number, nowMs: number): ExplainedCandidate {
  const { instanceId, upstreamModel, usable, reason, detail, dialects, refuses } = candidate;
  const inNow = candidate.accounts.filter((account) => account.usable).length;
  return {
    order,
    instance: instanceId,
    model: upstreamModel,
    usable,
    ...(reason === undefined ? {} : { reason }),
    why:
      reason === undefined
        ? `${inNow} of ${candidate.accounts.length} accounts can be used`
        : sentence(reason, detail),
    dialects,
    refuses,
    ...(candidate.instance?.isolation === undefined
      ? {}
      : { isolation: candidate.instance.isolation }),
    ...(candidate.maxOutputTokens === undefined
      ? {}
      : { maxOutputTokens: candidate.maxOutputTokens }),
    ...ratingOf(candidate),
    ...(candidate.latencyMs === undefined ? {} : { latencyMs: candidate.latencyMs }),
    accounts: candidate.accounts.map((choice) => explainAccount(choice, nowMs)),
  };
}

function explainAccount(choice: AccountChoice, nowMs: number): ExplainedAccount {
  const { handle, usable, trial, reason, kind, untilMs, detail } = choice;
  const leftMs = usable || untilMs === undefined ? undefined : Math.max(0, untilMs - nowMs);
  const cause = [kind, detail].filter((part) => part !== undefined).join(': ');
  const why = !usable
    ? sentence(reason ?? 'cooling', cause === '' ? undefined : cause) + countdown(leftMs)
    : trial
      ? `usable for one trial request after ${cause === '' ? 'a failure' : cause}`
      : 'usable';
  return {
    account: handle.account.id,
    label: handle.account.label,
    usable,
    trial,
    ...(reason === undefined ? {} : { reason }),
    why,
    ...(leftMs === undefined ? {} : { retryInMs: leftMs }),
    ...ratingOf(choice),
  };
}

function outcomeOf(plan: Plan, nowMs: number): string {
  const { candidates, via, near, model } = plan;
  const first = candidates.find(({ usable }) => usable);
  if (first !== undefined) {
    const account = first.accounts.find(({ usable }) => usable)?.handle.account.id;
    const anew = plan.hooks?.encodesAnew === true ? ', decoded, and encoded anew for hooks' : '';
    return `A request would go to ${first.instanceId} (${account ?? ''}) as ${first.upstreamModel} first${anew}.`;
  }
  if (via === undefined) {
    const guess = near.length === 0 ? '' : ` Near it: ${near.join(', ')}.`;
    return `Nothing serves "${model}": a request is answered with 404.${guess}${enableRemedy(plan)}`;
  }
  const untilMs = candidates
    .flatMap(({ accounts }) => accounts.map((choice) => choice.untilMs ?? Infinity))
    .reduce((soonest, atMs) => Math.min(soonest, atMs), Infinity);
  const back = Number.isFinite(untilMs)
    ? ` The first account is back in ${duration(Math.max(0, untilMs - nowMs))}.`
    : '';
  return `Every candidate is out; a request is answered with an error that says why.${back}`;
}

/** A sentence after a blank, or nothing: perhaps a disabled instance is the one that is wanted. */
export function enableRemedy({ disabled = [] }: Plan): string {
  if (disabled.length === 0) return '';
  const more = disabled.length > MAX_DISABLED ? ', …' : '';
  const ids = disabled.slice(0, MAX_DISABLED).join(', ');
  return ` Disabled instances: ${ids}${more}; enable the one that serves it.`;
}

function sentence(reason: OutReason, detail: string | undefined): string {
  return detail === undefined ? sentences[reason] : `${sentences[reason]} (${detail})`;
}

function countdown(leftMs: number | undefined): string {
  return leftMs === undefined ? '' : `; tried again in ${duration(leftMs)}`;
}

function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.ceil(minutes / 60)} h`;
}
