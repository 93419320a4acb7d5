import type { ModelEntry } from '@cliproxy/kernel';
import { GatewayError } from '@cliproxy/plugin-api';
import type { Query } from '../edge/query.ts';

/** How a vendor's clients read models. */
export interface ModelShape {
  one(entry: ModelEntry): object;
  /**
   * One page of the list.
   *
   * @param query - says which; see the vendor's own list for its parameters.
   * @throws GatewayError `CLIENT_BAD_REQUEST`
   */
  page(models: readonly ModelEntry[], query: Query): object;
}

/** The largest page, with all vendors. */
export const MAX_PAGE = 1000;

/**
 * Where in the list a page begins or ends.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST`
 */
export function placeOf(models: readonly ModelEntry[], id: string | undefined): number | undefined {
  if (id === undefined) return undefined;
  const index = models.findIndex((entry) => entry.id === id);
  if (index >= 0) return index;
  throw new GatewayError(
    'CLIENT_BAD_REQUEST',
    `there is no model ${JSON.stringify(id.slice(0, 200))} to page from`,
  );
}
