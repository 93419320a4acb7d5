import type { Dialect, Executor, ModelInfo } from '@cliproxy/plugin-api';
import type { Availability } from '../accounts/account-state.ts';
import type { PluginInstance } from '../plugins/plugin-instance.ts';
import type { AccountChoice, Candidate, OutReason, Plan, RouteQuery } from './plan.ts';
import type { ResolvedTarget, Resolution, RoutingTable } from './routing-table.ts';
import { rotate, stick, usableFirst } from './strategies.ts';

/** What of the present moment a plan depends on. The account book answers the first. */
export interface RoutingView {
  /** @param model - the model's name at the upstream. */
  availability(instanceId: string, accountId: string, model: string): Availability;
  /**
   * Counts requests, from 0; round-robin begins at its place. One count per operation, so that
   * clients which count tokens before each request don't meet one account with all of one kind.
   */
  readonly turn: number;
}

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
  const inTurn = strategy === 'round-robin' && targets.length > 1;
  const ordered = !inTurn
    ? targets
    : query.sessionKey === undefined
      ? rotate(targets, view.turn)
      : stick(targets, query.sessionKey, ({ instanceId, upstreamModel }) => {
          return `${instanceId}/${upstreamModel}`;
        });
  // With targets in turn, the accounts' turn must not move in step with theirs.
  const turn = inTurn ? Math.floor(view.turn / targets.length) : view.turn;
  const availability = view.availability.bind(view);
  const inside = { accountStrategy: table.accountStrategy, turn, availability };
  return usableFirst(ordered.map((target) => candidateOf(target, query, inside)));
}

function candidateOf(
  target: ResolvedTarget,
  query: RouteQuery,
  view: RoutingView & Pick<RoutingTable, 'accountStrategy'>,
): Candidate {
  const { instanceId, instance, upstreamModel, info } = target;
  const dialects =
    instance?.executor === undefined ? [] : dialectsOf(instance.executor, target, query);
  const accounts = accountsOf(target, query, view);
  const out =
    outOfInstance(target) ??
    outOfModel(dialects, info, query) ??
    outOfAccounts(instanceId, accounts);
  return {
    instanceId,
    instance,
    upstreamModel,
    dialects: dialects ?? [],
    refuses: info?.refuses ?? [],
    ...(info?.maxOutputTokens === undefined ? {} : { maxOutputTokens: info.maxOutputTokens }),
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
): readonly Dialect[] | undefined {
  if (executor.kind === 'events') {
    if (operation === 'count-tokens' && executor.countTokens === undefined) return undefined;
    return operation === 'embed' && executor.embed === undefined ? undefined : [];
  }
  const speaks = spoken() ?? executor.speaks;
  const able = (info?.dialects ?? (Object.keys(speaks) as Dialect[])).filter(
    (name) => speaks[name]?.includes(operation) === true,
  );
  if (able.length === 0) return undefined;
  return able.includes(dialect) ? [dialect, ...able.filter((name) => name !== dialect)] : able;
}

function accountsOf(
  { instanceId, instance, upstreamModel }: ResolvedTarget,
  { sessionKey }: RouteQuery,
  view: RoutingView & Pick<RoutingTable, 'accountStrategy'>,
): readonly AccountChoice[] {
  const handles = instance?.accounts() ?? [];
  const ordered =
    sessionKey !== undefined
      ? stick(handles, sessionKey, ({ account }) => account.id)
      : view.accountStrategy === 'round-robin'
        ? rotate(handles, view.turn)
        : handles;
  return usableFirst(
    ordered.map((handle) => ({
      handle,
      ...view.availability(instanceId, handle.account.id, upstreamModel),
    })),
  );
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
  info: ModelInfo | undefined,
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
function outOfAccounts(instanceId: string, accounts: readonly AccountChoice[]): Out | undefined {
  const first = accounts[0];
  if (first === undefined) {
    return { reason: 'needs-login', detail: `"${instanceId}" has no account` };
  }
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
