import type { HealthProbe } from '@cliproxy/plugin-api';
import { requestModels } from './models.js';

/**
 * Asks for the list of models, which costs no tokens, and looks at the status alone. Shown by
 * `cliproxy status`; with `affects: 'readiness'` an account would not be used while it is down.
 *
 * @param root - the API's address, without a slash at its end.
 */
export function upstreamProbe(root: string): HealthProbe {
  return {
    // Named in package.json: cliproxyPlugin.provides.probes.
    id: 'upstream',
    intervalMs: 300_000,
    timeoutMs: 10_000,
    affects: 'report-only',
    async check(context) {
      const { status, body } = await requestModels(root, context);
      body.destroy();
      if (status === 200) return { status: 'up' };
      // What may not list models can still answer.
      const isLesser = status === 403 || status === 429;
      return {
        status: isLesser ? 'degraded' : 'down',
        detail: `the list of models was answered with ${status}`,
      };
    },
  };
}
