import type { HealthProbe } from '@cliproxy/plugin-api';
import type { Pages } from './relay/pages.ts';

/** Keeps accounts out while their page is not there, or hangs. */
export function pageProbe(pages: Pages): HealthProbe {
  return {
    id: 'page',
    // Looks at what is known here: asks nobody.
    intervalMs: 2000,
    timeoutMs: 1000,
    affects: 'readiness',
    async check({ account }) {
      const page = pages.of(account.id);
      if (page === undefined) {
        return { status: 'down', detail: 'its page is not connected; open it, or see the log' };
      }
      if (!page.responsive) return { status: 'down', detail: 'its page is open and hangs' };
      return { status: 'up' };
    },
  };
}
