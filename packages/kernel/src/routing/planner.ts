import type { Dialect, Executor, ModelInfo, Operation } from '@cliproxy/plugin-api';
import type { AccountHandle } from '../accounts/account-handle.ts';
import type { Availability } from '../accounts/account-state.ts';
import type { PluginInstance } from '../plugins/plugin-instance.ts';
import type { StrategyName } from '../ports/settings.ts';
import type { AccountChoice, Candidate, OutReason, Plan, RouteQuery } from './plan.ts';
import type { ResolvedTarget, Resolution, RoutingTable } from './routing-table.ts';
import {
  fastestFirst,
  inShares,
  ranked,
  ratingOf,
  rotate,
  stick,
  weightOf,
  weightSum,
} from './strategies.ts';

/** What of the present moment a plan depends on. The account book answers the first. */
export interface RoutingView {
  /** @param model - the model's name at the upstream. */
  availability(instanceId: string, accountId: string, model: string): Availability;
  /** Whether it answers as many requests as it may already; absent: none is limited. */
  full?(handle: AccountHandle): boolean;
  /** Whether a dialect has an operation: what a plugin declares beyond that can't be asked for. */
  has(dialect: Dialect, operation: Operation): boolean;
  /**
   * Counts requests, from 0; who takes turns begins at its place. One count per model and
   * operation: where two kinds of request alternate, one account must not meet all of one kind.
   */
  readonly turn: number;
  /**
   * A target's usual time to the first token of late, in milliseconds; undefined where it is not
   * known. Only asked for `least-latency`.
   */
  latencyMs(instanceId: string, model: string): number | undefined;
}

type TargetView = Pick<RoutingView, 'availability' | 'full' | 'has' | 'turn'> &
  Pick<RoutingTable, 'accountStrategy' | 'accountSettings'>;

const BUSY: Availability = Object.freeze({ usable: false, trial: false, reason: 'busy' });

/** What is known of a model, listed or not. */
type Traits = Pick<ModelInfo, 'lacks' | 'refuses' | 'maxOutputTokens'>;

interface Out {
  readonly reason: OutReason;
  readonly detail?: string;
}

/** Decides which targets and accounts to try for a request, in which order, and why. Pure. */
export function plan(table: RoutingTable, query: RouteQuery, view: RoutingView): Plan {
  const found = table.resolve(query.model);
  const { requested, model, alias, via, match, strategy, near, disabled } = found;
  return {
    requested,
    model,
    alias,
    ...(via === undefined ? {} : { via }),
    ...(match === undefined ? {} : { match }),
    strategy,
    candidates: candidatesOf(table, found, query, view),
    near,
    ...(disabled === undefined ? {} : { disabled }),
  };
}

function candidatesOf(
  table: RoutingTable,
  found: Resolution,
  query: RouteQuery,
  view: RoutingView,
): readonly Candidate[] {
  const { targets, strategy } = found;
  const { accountStrategy } = table;
  // With targets in turn, the accounts' turn must not move in step with theirs.
  const round = strategy === 'round-robin' || strategy === 'weighted' ? roundOf(found) : 1;
  const inside: TargetView = {
    accountStrategy,
    accountSettings: table.accountSettings,
    turn: Math.floor(view.turn / round),
    availability: view.availability.bind(view),
    ...(view.full === undefined ? {} : { full: view.full.bind(view) }),
    has: view.has.bind(view),
  };
  const candidates = targets.map((target) => {
    const candidate = candidateOf(target, query, inside);
    if (strategy !== 'least-latency') return candidate;
    const latencyMs = view.latencyMs(target.instanceId, target.upstreamModel);
    return latencyMs === undefined ? candidate : { ...candidate, latencyMs };
  });
  return ranked(candidates, (peers) => arranged(peers, strategy, query, view.turn));
}

function arranged(
  peers: readonly Candidate[],
  strategy: StrategyName,
  { sessionKey }: RouteQuery,
  turn: number,
): readonly Candidate[] {
  switch (strategy) {
    case 'failover':
      return peers;
    case 'least-latency':
      return fastestFirst(peers, ({ latencyMs }) => latencyMs, turn);
    case 'round-robin':
      if (sessionKey === undefined) return rotate(peers, turn);
      return stick(peers, sessionKey, targetId);
    case 'weighted':
      if (sessionKey === undefined) return inShares(peers, turn);
      return stick(peers, sessionKey, targetId, weightOf);
  }
}

function targetId({ instanceId, upstreamModel }: Candidate): string {
  return `${instanceId}/${upstreamModel}`;
}

/** After so many turns the targets' order begins anew. */
function roundOf({ targets, strategy }: Resolution): number {
  return Math.max(1, strategy === 'weighted' ? weightSum(targets) : targets.length);
}

function candidateOf(target: ResolvedTarget, query: RouteQuery, view: TargetView): Candidate {
  const { instanceId, instance, upstreamModel } = target;
  const info: Traits | undefined = target.info ?? instance?.executor?.unlisted;
  const dialects =
    instance?.executor === undefined ? [] : dialectsOf(instance.executor, target, query, view);
  const accounts = accountsOf(target, query, view);
  const out = outOfInstance(target) ?? outOfModel(dialects, info, query) ?? outOfAccounts(accounts);
  return {
    instanceId,
    instance,
    upstreamModel,
    dialects: dialects ?? [],
    refuses: info?.refuses ?? [],
    ...(info?.maxOutputTokens === undefined ? {} : { maxOutputTokens: info.maxOutputTokens }),
    ...ratingOf(target),
    accounts,
    usable: out === undefined,
    ...out,
  };
}

/** How a request may be encoded, best first; undefined where the executor does not do the operation. */
function dialectsOf(
  executor: Executor,
  { info, speaks: spoken }: ResolvedTarget,
  { dialect, operation }: RouteQuery,
  view: Pick<RoutingView, 'has'>,
): readonly Dialect[] | undefined {
  if (executor.kind === 'events') {
    if (operation === 'count-tokens' && executor.countTokens === undefined) return undefined;
    return operation === 'embed' && executor.embed === undefined ? undefined : [];
  }
  const speaks = spoken() ?? executor.speaks;
  const able = (info?.dialects ?? (Object.keys(speaks) as Dialect[])).filter(
    (name) => speaks[name]?.includes(operation) === true && view.has(name, operation),
  );
  if (able.length === 0) return undefined;
  return able.includes(dialect) ? [dialect, ...able.filter((name) => name !== dialect)] : able;
}

function accountsOf(
  { instanceId, instance, upstreamModel }: ResolvedTarget,
  { sessionKey }: RouteQuery,
  view: TargetView,
): readonly AccountChoice[] {
  const choices = (instance?.accounts() ?? []).map((handle): AccountChoice => {
    const found = view.availability(instanceId, handle.account.id, upstreamModel);
    const now = found.usable && view.full?.(handle) === true ? BUSY : found;
    const configured = view.accountSettings(instanceId, handle.account);
    return configured === undefined
      ? { handle, ...now }
      : { handle, ...now, ...ratingOf(configured) };
  });
  return ranked(choices, (peers) => {
    if (sessionKey !== undefined) return stick(peers, sessionKey, accountId, weightOf);
    return view.accountStrategy === 'round-robin' ? inShares(peers, view.turn) : peers;
  });
}

function accountId({ handle }: AccountChoice): string {
  return handle.account.id;
}

function outOfInstance({ instanceId, instance, configured }: ResolvedTarget): Out | undefined {
  if (!configured) {
    const detail = `the configuration has no plugin instance "${instanceId}"`;
    return { reason: 'instance-failed', detail };
  }
  if (instance === undefined) {
    return { reason: 'instance-disabled', detail: `"${instanceId}" is not enabled` };
  }
  switch (instance.state) {
    case 'failed':
      return { reason: 'instance-failed', detail: whyFailed(instance) };
    case 'starting':
      return { reason: 'instance-failed', detail: `"${instanceId}" is still starting` };
    case 'disabled':
      return { reason: 'instance-disabled', detail: `"${instanceId}" is not enabled` };
    case 'stopped':
      return { reason: 'instance-disabled', detail: `"${instanceId}" is stopped` };
    case 'ready':
    case 'needs-login':
      if (instance.executor !== undefined) return undefined;
      return { reason: 'no-executor', detail: `"${instanceId}" answers no model requests` };
  }
}

function outOfModel(
  dialects: readonly Dialect[] | undefined,
  info: Traits | undefined,
  query: RouteQuery,
): Out | undefined {
  if (dialects === undefined) {
    return { reason: 'operation-not-offered', detail: `it does not offer ${query.operation}` };
  }
  // What a request needs is found by reading all of it: only asked where a model lacks something.
  if (info?.lacks === undefined || info.lacks.length === 0) return undefined;
  const lacking = (query.needs?.() ?? []).filter((need) => info.lacks?.includes(need));
  if (lacking.length === 0) return undefined;
  return { reason: 'lacks-capability', detail: lacking.join(', ') };
}

/** The account that comes back first speaks for all. */
function outOfAccounts(accounts: readonly AccountChoice[]): Out | undefined {
  const first = accounts[0];
  if (first === undefined) return { reason: 'needs-login' };
  if (first.usable) return undefined;
  let soonest = first;
  for (const choice of accounts) {
    if ((choice.untilMs ?? Infinity) < (soonest.untilMs ?? Infinity)) soonest = choice;
  }
  const { reason = 'cooling', detail } = soonest;
  return { reason, ...(detail === undefined ? {} : { detail }) };
}

function whyFailed({ id, problems }: PluginInstance): string {
  return problems[0]?.message ?? `"${id}" failed to start`;
}
