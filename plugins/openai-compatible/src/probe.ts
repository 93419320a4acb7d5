import type { HealthProbe } from '@cliproxy/plugin-api';
import type { CompatibleConfig } from './config.ts';

/** Asks for the model list. A service without one (404, 405) counts as up: it answers. */
export function upstreamProbe(config: CompatibleConfig): HealthProbe {
  return {
    id: 'upstream',
    intervalMs: 60_000,
    timeoutMs: 10_000,
    affects: 'report-only',
    async check({ http, signal }) {
      const reply = await http.request(
        {
          method: 'GET',
          url: `${config.baseUrl}/models`,
          headers: { accept: 'application/json', ...config.headers },
        },
        signal,
      );
      reply.body.resume();
      if ([200, 404, 405].includes(reply.status)) return { status: 'up' };
      if (reply.status === 429) return { status: 'degraded', detail: 'rate limit reached' };
      return { status: 'down', detail: `the model list answered ${reply.status}` };
    },
  };
}
