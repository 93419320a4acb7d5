import type { KernelSettings } from '@cliproxy/kernel';

/** The `server` section: where the gateway listens, and what it takes from clients. */
export interface ServerSettings {
  /** Address to bind. Default `127.0.0.1`; anything but loopback needs both kinds of keys. */
  readonly host: string;
  /** TCP port; 0: any free one. Default 8317. */
  readonly port: number;
  /** Keys of clients; each at least 8 printable ASCII characters. */
  readonly apiKeys: readonly string[];
  /** Keys for everything that shows or changes state; same form. */
  readonly adminKeys: readonly string[];
  /** Largest request body, in MiB. Default 32. */
  readonly bodyLimitMb: number;
  /** Largest request head, in KiB. Default 16. */
  readonly headerLimitKb: number;
  /** Names that a `Host` header may have besides the address bound to. */
  readonly allowedHosts: readonly string[];
  /** Origins that a browser may call from, besides the gateway's own. */
  readonly allowedOrigins: readonly string[];
  /** How long a stop waits for requests under way, in milliseconds. Default 30 s. */
  readonly drainMs: number;
  /** How long an idle client connection stays open, in milliseconds. Default 65 s. */
  readonly keepAliveMs: number;
  /** Within this the whole head of a request must have come, in milliseconds. Default 5 s. */
  readonly headersTimeoutMs: number;
  /** Within this the whole request must have come, in milliseconds. Default 15 s. */
  readonly requestTimeoutMs: number;
  /** Most WebSocket connections at the same time, such as relay pages. Default 256. */
  readonly maxSockets: number;
  /**
   * How often WebSocket peers are asked whether they are there, in milliseconds; one that has not
   * answered by the next time is cut off. Default 30 s.
   */
  readonly socketPingMs: number;
  /** True: a parameter that the target can't honour is a 400 for every client. Default false. */
  readonly strictParameters: boolean;
  /**
   * Memory for items of answers that clients of OpenAI Responses send back by reference, in MiB;
   * 0: none are kept. Default 32.
   */
  readonly keepItemsMb: number;
}

/** Least severe level that is still written. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** The `log` section. */
export interface LogSettings {
  /** Default `info`. */
  readonly level: LogLevel;
  /** `auto` (default): `pretty` on a terminal, `json` otherwise. */
  readonly format: 'auto' | 'pretty' | 'json';
  /** Absolute path of a file to write to as well. */
  readonly file?: string;
}

/** The `data` section: where logins and the state of accounts are kept. */
export interface DataSettings {
  /** Absolute path. Default `.cliproxy/data` beside the file. */
  readonly folder: string;
  /**
   * Absolute path of a file with the key that logins are sealed with, which somebody provides.
   * Absent: `$CLIPROXY_VAULT_KEY`, or else a file beside the folder that is made at first use.
   */
  readonly keyFile?: string;
}

/** The whole configuration, validated, with defaults; deeply frozen. */
export interface GatewaySettings {
  readonly server: ServerSettings;
  readonly log: LogSettings;
  readonly data: DataSettings;
  readonly kernel: KernelSettings;
}
