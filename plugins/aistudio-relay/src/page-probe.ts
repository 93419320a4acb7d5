import type { HealthProbe } from '@cliproxy/plugin-api';
import type { Pages } from './relay/pages.ts';

/**
 * Keeps accounts out while their page is not there, or hangs.
 *
 * @param whyAway - what is known of a profile's page that is not there.
 */
export function pageProbe(
  pages: Pages,
  whyAway: (profile: string) => string | undefined = () => undefined,
): HealthProbe {
  return {
    id: 'page',
    // Looks at what is known here: asks nobody. A page that is back waits for it to say so.
    intervalMs: 1000,
    timeoutMs: 1000,
    affects: 'readiness',
    async check({ account }) {
      const page = pages.of(account.id);
      if (page === undefined) {
        const why = whyAway(account.facts['profile'] ?? '') ?? 'open it, or see the log';
        return { status: 'down', detail: `its page is not connected: ${why}` };
      }
      if (!page.responsive) return { status: 'down', detail: 'its page is open and hangs' };
      return { status: 'up' };
    },
  };
}
