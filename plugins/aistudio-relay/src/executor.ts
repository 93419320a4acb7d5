import type { WireExecutor } from '@cliproxy/plugin-api';
import { listModels } from './models.ts';
import type { Pages } from './relay/pages.ts';
import { pageFault } from './relay/page-fault.ts';
import type { PageSession } from './relay/page-session.ts';

/**
 * Lets an account's page ask Gemini, as whoever is signed in there.
 *
 * @param root - the API's address, without a slash at its end.
 */
export function pageExecutor(root: string, pages: Pages): WireExecutor {
  const pageOf = (accountId: string): PageSession => {
    const page = pages.of(accountId);
    if (page === undefined) throw pageFault('of this account is not connected');
    return page;
  };
  return {
    kind: 'wire',
    speaks: { gemini: ['generate', 'count-tokens'] },
    models: ({ account, signal }) => listModels(root, pageOf(account.id), signal),
    async send({ account, path, headers, body, signal }) {
      return pageOf(account.id).ask({ method: 'POST', url: root + path, headers, body }, signal);
    },
  };
}
