import type { Dialect } from '@cliproxy/plugin-api';
import type { Access } from '../edge/access.ts';
import type { Grant } from '../edge/client-keys.ts';
import type { Exchange } from '../edge/exchange.ts';
import type { Query } from '../edge/query.ts';
import type { ServerContext } from '../edge/server-context.ts';
import type { JsonSchema } from '../schemas/json-schema.ts';

/** What the address of a request says. */
export interface Address {
  /** What stands in the path for the pattern's placeholder, decoded; else empty. */
  readonly named: string;
  readonly query: Query;
}

/** Answers a request that has passed the gate, its access check and its content type. */
export type RouteHandler = (
  exchange: Exchange,
  grant: Grant,
  context: ServerContext,
  address: Address,
) => void | Promise<void>;

/** What a route is, for routing, for `Allow`, and for the documentation. */
export interface RouteInfo {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** See `compilePath`: one placeholder, slashes and all, with or without something after it. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  /** Whose clients use it; absent: anybody's. */
  readonly dialect?: Dialect;
  /** Of the parameters in the query, as an object of them. */
  readonly query?: JsonSchema;
  /** Of the body. The top level of one that asks a model is checked against it. */
  readonly body?: JsonSchema;
  /** True: a request without any is fine, too. */
  readonly bodyOptional?: boolean;
  /** What it answers, by media type; for a stream, what one event of it holds. */
  readonly answers: Readonly<Record<string, JsonSchema>>;
}

/** A route with what answers it. */
export interface Route extends RouteInfo {
  readonly handle: RouteHandler;
}
