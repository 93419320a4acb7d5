import type { HealthProbe } from '@cliproxy/plugin-api';
import { refusal, requestModels } from './models.ts';

/**
 * Asks for one entry of the model list and looks at the status alone.
 *
 * @param root - the API's address, without a slash at its end.
 */
export function upstreamProbe(root: string): HealthProbe {
  return {
    id: 'upstream',
    intervalMs: 300_000,
    timeoutMs: 10_000,
    affects: 'report-only',
    async check(context) {
      const { status, body } = await requestModels(root, context, { entries: 1 });
      body.destroy();
      if (status === 200) return { status: 'up' };
      // A key that may not list models can still be one that answers.
      const lesser = status === 403 || status === 429;
      return { status: lesser ? 'degraded' : 'down', detail: refusal(root, status) };
    },
  };
}
