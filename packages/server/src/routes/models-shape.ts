import type { ModelEntry } from '@cliproxy/kernel';
import { GatewayError } from '@cliproxy/plugin-api';

/** How a vendor's clients read models. */
export interface ModelShape {
  one(entry: ModelEntry): object;
  /**
   * One page of the list.
   *
   * @param query - says which; see the vendor's own list for its parameters.
   * @throws GatewayError `CLIENT_BAD_REQUEST`
   */
  page(models: readonly ModelEntry[], query: URLSearchParams): object;
}

/** The largest page, with all vendors. */
export const MAX_PAGE = 1000;

/**
 * A page's size as a client wrote it.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST`
 */
export function pageSize(query: URLSearchParams, name: string): number | undefined {
  const asked = query.get(name);
  if (asked === null) return undefined;
  const size = Number(asked);
  if (Number.isInteger(size) && size >= 1 && size <= MAX_PAGE) return size;
  throw new GatewayError(
    'CLIENT_BAD_REQUEST',
    `${name} ${JSON.stringify(asked.slice(0, 100))} is not a whole number from 1 to ${MAX_PAGE}`,
  );
}

/**
 * Where in the list a page begins or ends.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST`
 */
export function placeOf(models: readonly ModelEntry[], id: string | null): number | undefined {
  if (id === null) return undefined;
  const index = models.findIndex((entry) => entry.id === id);
  if (index >= 0) return index;
  throw new GatewayError(
    'CLIENT_BAD_REQUEST',
    `there is no model ${JSON.stringify(id.slice(0, 200))} to page from`,
  );
}
