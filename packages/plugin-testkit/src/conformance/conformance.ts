import type { IncomingHttpHeaders } from 'node:http';
import type { Dialect, FailureKind } from '@cliproxy/plugin-api';
import type { openClientSocket } from '../client-socket.ts';
import type { Ctonew } from '../ctonew/start-ctonew.ts';
import type { Fault, FaultKind } from '../fault.ts';
import type { OAuthServer, OAuthServerOptions } from '../oauth/start-oauth-server.ts';
import type { ScriptedUpstream } from '../scripted-upstream.ts';
import type { Vendor, VendorOptions } from '../upstreams/vendor.ts';
import type { Level } from './level.ts';

/** One request as a fake upstream received it. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Bytes, or parsed JSON. */
  readonly body: unknown;
  /** True once the other side left before the answer was complete. */
  readonly aborted: boolean;
  /** Bytes of the answer's body that were written so far. */
  readonly writtenBytes: number;
}

/**
 * What a plugin talks to while it is checked. {@link Vendor} and {@link ScriptedUpstream} are such;
 * whatever else answers a question with a short text, and goes wrong as it is told, will do.
 */
export interface ConformanceUpstream {
  /** What goes into the plugin's configuration. */
  readonly url: string;
  /** All that arrived, in their order. */
  readonly requests: readonly UpstreamRequest[];
  /** In words, what the upstream would have refused. */
  readonly violations?: readonly string[];
  /** What befalls all that is asked from now on; nothing given: nothing any more. */
  fault(fault?: Fault): void;
  /** Faults that it has no way to play; the checks that need one do not apply. */
  readonly cannot?: readonly FaultKind['kind'][];
  /** Addresses of fakes behind it that it connects to itself. */
  readonly connectsTo?: readonly string[];
  /** Credentials that it knows, where it does not take any. */
  readonly credentials?: readonly string[];
  /**
   * For what comes to the plugin by itself, such as a page that connects to its WebSocket path: called
   * once the gateway listens.
   *
   * @param gateway - its address, without a slash at the end.
   * @returns when the plugin may be asked, or when the upstream was turned away.
   */
  meet?(gateway: string): Promise<void>;
  /**
   * Id of the account that a credential is the only one of, where setup does not return that account;
   * the instance is called `checked`.
   */
  accountOf?(credential: string): string | undefined;
  /**
   * The credential by which a request was let in, where what the plugin sends is not the credential
   * itself but something that was had for it.
   */
  credentialOf?(request: UpstreamRequest): string | undefined;
  close(): Promise<void>;
}

/** Ways to start an upstream; given, so that a description imports nothing but types. */
export interface Fakes {
  readonly startVendor: (dialect: Dialect, options?: VendorOptions) => Promise<Vendor>;
  readonly startScriptedUpstream: () => Promise<ScriptedUpstream>;
  readonly startCtonew: () => Promise<Ctonew>;
  readonly openClientSocket: typeof openClientSocket;
  readonly startOAuthServer: (options?: OAuthServerOptions) => Promise<OAuthServer>;
}

/** What a configuration is made for. */
export interface ConformancePlace<U extends ConformanceUpstream = ConformanceUpstream> {
  /** Address of the upstream; where the plugin has none, an address where nobody listens. */
  readonly url: string;
  /** Absent: the plugin has none. */
  readonly upstream: U | undefined;
  /** One for each account that is wanted; none: the plugin has no accounts. */
  readonly credentials: readonly string[];
}

/** An error of the upstream, and what it means. */
export interface DocumentedError {
  readonly status: number;
  /** The upstream's own code, where the status does not tell. */
  readonly code?: string;
  readonly kind: FailureKind;
}

/**
 * What the checks can't find out by themselves. For a plugin that moves one of the four dialects, whose
 * address is a setting named in the manifest (`"hosts": ["config:/baseUrl"]`) and whose API keys are a
 * list of `writeOnly` strings, that is nothing at all.
 *
 * As the default export of the package's `./conformance`, `cliproxy plugins check` finds it.
 */
export interface Conformance<U extends ConformanceUpstream = ConformanceUpstream> {
  /** What the plugin talks to. Default: a strict fake of each dialect that its executor speaks. */
  upstream?(fakes: Fakes, dialect: Dialect): Promise<U>;
  /**
   * A configuration that works. Default: the first of the schema's `examples`, with the address of the
   * upstream and with the credentials in their places.
   */
  config?(place: ConformancePlace<U>): object;
  /** A model of the upstream; default: one that the manifest's first pattern matches. */
  readonly model?: string | Readonly<Partial<Record<Dialect, string>>>;
  /** Default: what the vendors of the dialects document. */
  readonly errors?: readonly DocumentedError[];
  /** Checks that say nothing of this plugin, by id, each with the reason. */
  readonly notApplicable?: Readonly<Record<string, string>>;
  /** The highest level to check; default `survives`. */
  readonly level?: Level;
}
