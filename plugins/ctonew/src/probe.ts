import type { HealthProbe } from '@cliproxy/plugin-api';
import type { CtonewService } from './config.ts';
import { listName, requestList } from './models/list-models.ts';

/** Asks for the list of models and looks at the status alone. An API without one counts as up. */
export function upstreamProbe(service: CtonewService): HealthProbe {
  return {
    id: 'upstream',
    intervalMs: 300_000,
    timeoutMs: 10_000,
    affects: 'report-only',
    async check(context) {
      const { status, body } = await requestList(service, context);
      body.destroy();
      if ([200, 404, 405].includes(status)) return { status: 'up' };
      const detail = `${listName(service)} answered ${status}; ${REMEDIES[status] ?? 'it is tried again'}`;
      return { status: status === 429 ? 'degraded' : 'down', detail };
    },
  };
}

const REMEDIES: Readonly<Record<number, string>> = {
  401: 'log in again',
  402: "look at the account's plan at cto.new",
  403: 'log in again',
  429: 'the limit of requests is reached',
};
