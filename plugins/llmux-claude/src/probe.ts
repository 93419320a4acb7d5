import type { HealthProbe } from '@cliproxy/plugin-api';
import type { ClaudeConfig } from './config.ts';

/** Asks for one entry of the model list: costs no tokens, and needs a key that serves. */
export function upstreamProbe(config: ClaudeConfig): HealthProbe {
  return {
    id: 'upstream',
    intervalMs: 300_000,
    timeoutMs: 10_000,
    affects: 'report-only',
    async check({ http, signal }) {
      const reply = await http.request(
        {
          method: 'GET',
          url: `${config.baseUrl}/v1/models?limit=1`,
          headers: { accept: 'application/json', 'anthropic-version': config.anthropicVersion },
        },
        signal,
      );
      reply.body.resume();
      if (reply.status === 200) return { status: 'up' };
      if (reply.status === 429) return { status: 'degraded', detail: 'rate limit reached' };
      return { status: 'down', detail: `the model list answered ${reply.status}` };
    },
  };
}
