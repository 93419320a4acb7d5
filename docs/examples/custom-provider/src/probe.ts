import type { HealthProbe } from '@cliproxy/plugin-api';
import type { AcmeApi } from './config.ts';
import { requestModels } from './models.ts';

/** Asks for the list of engines, which costs nothing, and looks at the status alone. */
export function upstreamProbe(api: AcmeApi): HealthProbe {
  return {
    id: 'upstream',
    intervalMs: 300_000,
    timeoutMs: 10_000,
    // `readiness` would keep requests from the account while the probe is down.
    affects: 'report-only',
    async check(context) {
      const { status, body } = await requestModels(api, context);
      // A body is read or destroyed; else its connection is lost.
      body.destroy();
      if (status === 200) return { status: 'up' };
      return { status: 'down', detail: `GET /v2/engines answered ${status}` };
    },
  };
}
