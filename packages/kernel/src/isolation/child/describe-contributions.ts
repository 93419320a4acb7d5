import type { Described } from '../border.ts';
import { toPlain } from '../channel/plain-value.ts';
import type { CheckedContributions } from '../../plugins/contributions.ts';

/** What a plugin brings, for the gateway, which never sees the thing itself. */
export function describeContributions(contributions: CheckedContributions): Described {
  const { executor, authenticators, accounts, probes, start, stop } = contributions;
  return {
    ...(executor === undefined ? {} : { executor: describeExecutor(executor) }),
    authenticators: authenticators.map((one) => ({
      id: one.id,
      method: one.method,
      ...(one.refreshWhen === undefined ? {} : { refreshWhen: one.refreshWhen }),
      ...(one.refreshAheadMs === undefined ? {} : { refreshAheadMs: one.refreshAheadMs }),
      login: one.login !== undefined,
      refresh: one.refresh !== undefined,
      refreshSpends: one.refreshSpends !== undefined,
      revoke: one.revoke !== undefined,
    })),
    ...(accounts === undefined ? {} : { accounts: accounts.map((one) => toPlain(one)) }),
    probes: probes.map(({ id, intervalMs, timeoutMs, affects }) => ({
      id,
      intervalMs,
      timeoutMs,
      affects,
    })),
    start: start !== undefined,
    stop: stop !== undefined,
  };
}

function describeExecutor(
  executor: NonNullable<CheckedContributions['executor']>,
): NonNullable<Described['executor']> {
  const { unlisted } = executor;
  const both = { ...(unlisted === undefined ? {} : { unlisted }) };
  if (executor.kind === 'events') {
    const can = {
      countTokens: executor.countTokens !== undefined,
      embed: executor.embed !== undefined,
    };
    return { kind: 'events', ...both, ...can };
  }
  const { speaks, speaksFor, passthrough } = executor;
  return {
    kind: 'wire',
    ...both,
    speaks,
    ...(speaksFor === undefined ? {} : { speaksFor }),
    ...(passthrough === undefined ? {} : { passthrough }),
    countTokens: false,
    embed: false,
  };
}
