import type { Access } from '../edge/access.ts';
import type { Grant } from '../edge/client-keys.ts';
import type { Exchange } from '../edge/exchange.ts';
import type { ServerContext } from '../edge/server-context.ts';

/**
 * Answers a request that has passed the gate, its access check and its content type.
 *
 * @param named - what stands in the path for the pattern's placeholder, decoded; else empty.
 */
export type RouteHandler = (
  exchange: Exchange,
  grant: Grant,
  context: ServerContext,
  named: string,
) => void | Promise<void>;

/** What a route is, for routing, for `Allow`, and for the documentation. */
export interface RouteInfo {
  readonly method: 'GET' | 'POST';
  /** See `compilePath`: one placeholder, slashes and all, with or without something after it. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
}

/** A route with what answers it. */
export interface Route extends RouteInfo {
  readonly handle: RouteHandler;
}
