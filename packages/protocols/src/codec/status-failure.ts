import type { Failure, FailureKind } from '@cliproxy/plugin-api';

/** What a status says by itself. */
export function statusFailure(status: number): Failure {
  const row = STATUSES[status];
  if (row !== undefined) return { kind: row[0], scope: row[1] };
  const isClients = status >= 400 && status < 500;
  return isClients
    ? { kind: 'bad-request', scope: 'request' }
    : { kind: 'upstream', scope: 'instance' };
}

const STATUSES: Readonly<Record<number, readonly [FailureKind, Failure['scope']]>> = {
  401: ['auth', 'account'],
  402: ['billing', 'account'],
  403: ['forbidden', 'account'],
  404: ['not-found', 'model'],
  408: ['timeout', 'instance'],
  409: ['upstream', 'instance'],
  413: ['too-large', 'request'],
  421: ['upstream', 'instance'],
  425: ['overloaded', 'instance'],
  429: ['rate-limit', 'account'],
  503: ['overloaded', 'instance'],
  504: ['timeout', 'instance'],
  529: ['overloaded', 'instance'],
};
