import type { AccountView } from '@cliproxy/gateway';
import { duration } from './duration.ts';
import { table } from './terminal.ts';

/** Accounts as text for a terminal: a row each, then what to do about them. */
export function accountLines(accounts: readonly AccountView[]): string {
  const nowMs = Date.now();
  const rows = accounts.map(
    ({ id, label, source, state, retryInMs, expiresAtMs, scopes, reason }) => [
      id,
      label,
      source,
      state,
      retryInMs === undefined ? '-' : duration(retryInMs),
      expiresAtMs === undefined ? '-' : duration(Math.max(0, expiresAtMs - nowMs)),
      scopes.length === 0 ? '-' : scopes.join(' '),
      reason ?? '-',
    ],
  );
  const steps = accounts.flatMap(({ id, next }) => (next === undefined ? [] : [`${id}: ${next}`]));
  return [
    table([
      ['ACCOUNT', 'LABEL', 'SOURCE', 'STATE', 'BACK IN', 'EXPIRES IN', 'SCOPES', 'WHY'],
      ...rows,
    ]),
    ...(steps.length === 0 ? [] : ['', ...steps]),
  ].join('\n');
}
