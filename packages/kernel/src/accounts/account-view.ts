import type { Authenticator } from '@cliproxy/plugin-api';
import type { PluginInstance } from '../plugins/plugin-instance.ts';
import type { Clock } from '../ports/clock.ts';
import type { AccountBook } from './account-book.ts';
import type { AccountHandle } from './account-handle.ts';
import type { AccountSource } from './account-source.ts';
import type { AccountStanding } from './account-standing.ts';

/** An account for its operator. No secret is in it. Times are milliseconds since 1970. */
export interface AccountView {
  /** `<instance>/<key>`. */
  readonly id: string;
  readonly instanceId: string;
  /** Masked. */
  readonly label: string;
  readonly source: AccountSource;
  /** Id of its authenticator; absent: it needs none. */
  readonly authenticator?: string;
  readonly method?: Authenticator['method'];
  /** What the vendor told of it, for example a plan. */
  readonly facts: Readonly<Record<string, string>>;
  /** What it may do, where that was told (the fact `scopes`, parted by spaces). */
  readonly scopes: readonly string[];
  /** When the token of now ends; it is renewed before by itself where it can be. */
  readonly expiresAtMs?: number;
  readonly state: AccountStanding['state'];
  /** Why it is not usable. */
  readonly reason?: string;
  readonly untilMs?: number;
  /** Milliseconds until it is tried again. */
  readonly retryInMs?: number;
  /** Models that are out for this account alone. */
  readonly models: AccountStanding['models'];
  readonly quotas?: AccountStanding['quotas'];
  /** What to do about it, in a sentence; absent: nothing. */
  readonly next?: string;
}

/** Shows every account of every instance, in their order. */
export function viewAccounts(
  instances: readonly PluginInstance[],
  book: Pick<AccountBook, 'standing'>,
  clock: Pick<Clock, 'now'>,
): readonly AccountView[] {
  const nowMs = clock.now();
  return instances.flatMap((instance) =>
    instance
      .accounts()
      .map((handle) => viewOf(handle, book.standing(instance.id, handle.account.id), nowMs)),
  );
}

function viewOf(handle: AccountHandle, standing: AccountStanding, nowMs: number): AccountView {
  const { account, instanceId, source, authMethod, expiresAtMs } = handle;
  const { state, reason, untilMs, models, quotas } = standing;
  const retryInMs = untilMs === undefined ? undefined : Math.max(0, untilMs - nowMs);
  const next = nextStep(handle, state, retryInMs);
  return {
    id: account.id,
    instanceId,
    label: account.label,
    source,
    ...(account.authenticator === undefined ? {} : { authenticator: account.authenticator }),
    ...(authMethod === undefined ? {} : { method: authMethod }),
    facts: account.facts,
    scopes: account.facts.scopes?.split(' ').filter((scope) => scope !== '') ?? [],
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    state,
    ...(reason === undefined ? {} : { reason }),
    ...(untilMs === undefined ? {} : { untilMs }),
    ...(retryInMs === undefined ? {} : { retryInMs }),
    models,
    ...(quotas === undefined ? {} : { quotas }),
    ...(next === undefined ? {} : { next }),
  };
}

function nextStep(
  { instanceId, account, source }: AccountHandle,
  state: AccountView['state'],
  retryInMs = 0,
): string | undefined {
  switch (state) {
    case 'usable':
      return undefined;
    case 'trial':
      return 'Nothing: the next request tries it.';
    case 'cooling': {
      const seconds = Math.ceil(retryInMs / 1_000);
      return `Wait ${seconds} s, or reset it: cliproxy accounts reset ${account.id}`;
    }
    case 'needs-login':
      return source === 'configured'
        ? `Replace its credential in the configuration of "${instanceId}".`
        : `Log in again: cliproxy login ${instanceId}`;
    case 'invalid-key':
      return `Replace its key in the configuration of "${instanceId}".`;
    case 'probe-down':
      return `Find out why its probe fails: cliproxy status`;
  }
}
