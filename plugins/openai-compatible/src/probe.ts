import type { HealthProbe } from '@cliproxy/plugin-api';
import type { Service } from './config.ts';
import { refusal, requestModels } from './models.ts';

/**
 * Asks for the model list and looks at the status alone. A service without one (404, 405) counts as
 * up: it answers.
 */
export function upstreamProbe(service: Service): HealthProbe {
  return {
    id: 'upstream',
    intervalMs: 60_000,
    timeoutMs: 10_000,
    affects: 'report-only',
    async check(context) {
      const { status, body } = await requestModels(service, context);
      body.destroy();
      if ([200, 404, 405].includes(status)) return { status: 'up' };
      // A key that may not list models can still be one that answers.
      const lesser = status === 403 || status === 429;
      return { status: lesser ? 'degraded' : 'down', detail: refusal(service, status) };
    },
  };
}
