import { GatewayError } from '@cliproxy/plugin-api';
import type { HeaderMap, HttpClient, OutgoingRequest, WireReply } from '@cliproxy/plugin-api';
import Pool from 'undici/lib/dispatcher/pool.js';
import { parseOrigin, splitUrl } from './split-url.ts';
import { UpstreamExchange } from './upstream-exchange.ts';

/** A stream holds its connection, so this bounds the streams of one account at one origin. */
const CONNECTIONS = 256;
/** Spellings of origins to remember before starting anew. */
const MAX_SPELLINGS = 64;

/** The connections of one owner: an account, or an instance without one. Shared with nobody. */
export interface UpstreamLane extends HttpClient {
  /** Lets running exchanges end, then closes. */
  close(): void;
  /** Breaks running exchanges and closes. */
  destroy(): void;
}

/**
 * All connections to upstreams: one pool per owner and origin, so that an upstream that answers out
 * of turn harms no account but its own.
 */
export class UpstreamPools {
  readonly #userAgent: string;
  readonly #lanes = new Set<PooledLane>();
  #connectMs = 5000;

  /** @param version - of the gateway, for an honest `user-agent`. */
  constructor(version: string) {
    this.#userAgent = `cliproxy/${version}`;
  }

  /** Sets how long connecting may take, from the next request on. */
  setConnectMs(connectMs: number): void {
    this.#connectMs = connectMs;
  }

  /** Opens a lane; no connection is made before its first request. */
  open(): UpstreamLane {
    const lane = new PooledLane(
      this.#userAgent,
      () => this.#connectMs,
      (closed) => this.#lanes.delete(closed),
    );
    this.#lanes.add(lane);
    return lane;
  }

  /** Breaks and closes everything. */
  destroy(): void {
    for (const lane of [...this.#lanes]) lane.destroy();
  }
}

interface OriginPool {
  readonly origin: string;
  readonly connectMs: number;
  readonly pool: Pool;
}

class PooledLane implements UpstreamLane {
  readonly #userAgent: string;
  readonly #connectMs: () => number;
  readonly #onClosed: (lane: PooledLane) => void;
  /** By the origin as requests spell it. */
  readonly #spellings = new Map<string, OriginPool>();
  readonly #pools = new Map<string, OriginPool>();
  readonly #open = new Set<Pool>();
  #closed = false;

  constructor(userAgent: string, connectMs: () => number, onClosed: (lane: PooledLane) => void) {
    this.#userAgent = userAgent;
    this.#connectMs = connectMs;
    this.#onClosed = onClosed;
  }

  async request(request: OutgoingRequest, signal: AbortSignal): Promise<WireReply> {
    signal.throwIfAborted();
    const url = splitUrl(request.url);
    if (url === undefined) throw badUrl(request.url);
    const { pool, origin } = this.#poolFor(url.origin);
    const exchange = new UpstreamExchange(origin, signal);
    pool.dispatch(
      {
        method: request.method,
        path: url.path,
        headers: outgoingHeaders(request.headers, this.#userAgent),
        body: request.body ?? null,
      },
      exchange,
    );
    return exchange.reply;
  }

  close(): void {
    this.#closed = true;
    const closing = [...this.#open].map((pool) => pool.close());
    void Promise.allSettled(closing).then(() => this.#onClosed(this));
  }

  destroy(): void {
    this.#closed = true;
    for (const pool of this.#open) void pool.destroy().catch(nothing);
    this.#onClosed(this);
  }

  #poolFor(spelling: string): OriginPool {
    const known = this.#spellings.get(spelling);
    if (known !== undefined && known.connectMs === this.#connectMs()) return known;
    const url = parseOrigin(spelling);
    if (url === undefined) throw badUrl(spelling);
    if (this.#spellings.size >= MAX_SPELLINGS) this.#spellings.clear();
    const pool = this.#renewed(url.origin);
    this.#spellings.set(spelling, pool);
    return pool;
  }

  #renewed(origin: string): OriginPool {
    const connectMs = this.#connectMs();
    const former = this.#pools.get(origin);
    if (former?.connectMs === connectMs) return former;
    if (former !== undefined) this.#retire(former.pool);
    const pool = new Pool(origin, {
      connections: CONNECTIONS,
      pipelining: 1,
      connect: { timeout: connectMs },
      // The dispatcher keeps time, with one timer per request.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const made = { origin, connectMs, pool };
    this.#pools.set(origin, made);
    this.#open.add(pool);
    if (this.#closed) void pool.destroy().catch(nothing);
    return made;
  }

  #retire(pool: Pool): void {
    const gone = (): void => void this.#open.delete(pool);
    pool.close().then(gone, gone);
  }
}

const nothing = (): void => undefined;

/** Set by the gateway or by HTTP itself; a plugin's own are left out. */
const NOT_THE_PLUGINS: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);

/** Names and values alternate: the cheapest form for undici, which also refuses line breaks. */
function outgoingHeaders(headers: HeaderMap, userAgent: string): string[] {
  const flat = ['user-agent', userAgent, 'accept-encoding', 'identity'];
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || NOT_THE_PLUGINS.has(name.toLowerCase())) continue;
    if (typeof value === 'string') flat.push(name, value);
    else if (Array.isArray(value)) for (const one of value as string[]) flat.push(name, one);
    else throw new GatewayError('PLUGIN_FAULT', `the value of header "${name}" is not a string`);
  }
  return flat;
}

function badUrl(url: string): GatewayError {
  const shown = JSON.stringify(url.split(/[?#]/, 1)[0]);
  return new GatewayError(
    'PLUGIN_FAULT',
    `${shown} is not an absolute http: or https: URL without a user name`,
  );
}
