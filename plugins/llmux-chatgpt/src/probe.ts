import type { HealthProbe } from '@cliproxy/plugin-api';
import type { ChatGptConfig } from './config.ts';

/** Asks for the model list: costs no tokens, and needs a key that serves. */
export function upstreamProbe(config: ChatGptConfig): HealthProbe {
  return {
    id: 'upstream',
    intervalMs: 300_000,
    timeoutMs: 10_000,
    affects: 'report-only',
    async check({ http, signal }) {
      const reply = await http.request(
        { method: 'GET', url: `${config.baseUrl}/models`, headers: { accept: 'application/json' } },
        signal,
      );
      reply.body.resume();
      if (reply.status === 200) return { status: 'up' };
      if (reply.status === 429) return { status: 'degraded', detail: 'rate limit reached' };
      return { status: 'down', detail: `the model list answered ${reply.status}` };
    },
  };
}
