import type { Dialects, Kernel, Plan } from '@cliproxy/kernel';
import type { Logger } from '@cliproxy/plugin-api';

/** The part of the configuration that the server needs. */
export interface ServerSettings {
  /** Name or address to listen on; `0.0.0.0` and `::` mean every interface. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Keys of clients. Empty: client routes are open; allowed on loopback alone. */
  readonly apiKeys: readonly string[];
  /** Keys of operators; they open client routes too. Empty: operator routes are refused. */
  readonly adminKeys: readonly string[];
  /** Largest request body, in MiB. */
  readonly bodyLimitMb: number;
  /** Largest request head, in KiB. */
  readonly headerLimitKb: number;
  /** Further values of `Host` to accept: `name` with any port, or `name:port`. */
  readonly allowedHosts: readonly string[];
  /** Origins whose pages may call the gateway, for example `https://aistudio.google.com`. */
  readonly allowedOrigins: readonly string[];
  /** How long answers under way may go on once the gateway stops. */
  readonly drainMs: number;
  /** How long an idle connection is kept open. */
  readonly keepAliveMs: number;
  /** From the start of a connection or request to the end of its head. */
  readonly headersTimeoutMs: number;
  /** From the start of a request to the end of its body. */
  readonly requestTimeoutMs: number;
  /** Most WebSocket connections at the same time. */
  readonly maxSockets: number;
  /**
   * How often WebSocket peers are asked whether they are there. One that has not answered by the next
   * time is cut off, and so is one that takes nothing for that long.
   */
  readonly socketPingMs: number;
  /** True: parameters that a target can't honour are errors for everybody. */
  readonly strictParameters: boolean;
}

/** What became of reading the configuration file again. */
export interface ConfigReload {
  readonly outcome: 'changed' | 'unchanged' | 'failed';
  /** What is wrong with the file, or with plugins; with their places in the file. */
  readonly problems: readonly object[];
}

/** What a server is made from. */
export interface ServerOptions {
  readonly settings: ServerSettings;
  readonly kernel: Kernel;
  readonly dialects: Dialects;
  readonly logger: Logger;
  /** Reads the configuration file again and puts it into force; absent: there is none. */
  readonly reloadConfig?: () => Promise<ConfigReload>;
  /** Says in words and JSON how a plan came about. */
  explain(plan: Plan): object;
  /** Figures since the start, as a page in a text format. */
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>;
  /** The gateway's version. */
  readonly version: string;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Where a server listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** What a client on this machine uses, for example `http://127.0.0.1:8317`. */
  readonly url: string;
}

/** What became of new settings. */
export interface UpdateResult {
  /** Settings that take effect only when the gateway starts again, for example `server.port`. */
  readonly needsRestart: readonly string[];
}

/** The HTTP edge. */
export interface GatewayServer {
  /**
   * Opens the port.
   *
   * @throws GatewayError `CONFIG_INVALID` when the address can't be had, `CONFIG_UNSAFE` when it is
   *   reachable by others and there are no client keys.
   */
  listen(): Promise<ListenAddress>;
  /**
   * Whether {@link update} would take these settings.
   *
   * @throws GatewayError `CONFIG_UNSAFE`
   */
  check(settings: ServerSettings): void;
  /**
   * Applies new settings: keys, hosts, origins and limits at once, requests under way go on.
   *
   * @throws GatewayError `CONFIG_UNSAFE`; the former settings stay in force.
   */
  update(settings: ServerSettings): UpdateResult;
  /**
   * Turns readiness red, takes no new connections, lets answers under way go on until the deadline,
   * then closes what is left.
   *
   * @param deadlineMs - how long to wait, in milliseconds.
   * @param atDeadline - called when answers are still under way at the deadline; its answers'
   *   last words are waited for, up to a second.
   */
  drain(deadlineMs: number, atDeadline?: () => Promise<void>): Promise<void>;
  /** Closes every connection now. */
  close(): Promise<void>;
}
