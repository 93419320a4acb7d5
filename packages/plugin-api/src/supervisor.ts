import type { Json } from './json.ts';
import type { Secret } from './secret.ts';

/**
 * A process that a plugin needs beside the gateway. It runs in a process group of its own and sees
 * an environment of its own: what `env` and `set` say, `PATH`, `HOME`, `LANG`, `TZ` and `TMPDIR`,
 * and nothing else of the gateway's.
 */
export interface ChildSpec {
  /** Unique within the instance; `[a-z0-9][a-z0-9-]*`, at most 32. Shown as `<instance>/<name>`. */
  readonly name: string;
  /** The program, looked for on `PATH`, and its arguments. No shell is between. */
  readonly command: readonly [string, ...string[]];
  /**
   * Absolute folder that it runs in. Default: one of its own in the gateway's data folder, for its
   * owner alone; what it keeps there is there again the next time.
   */
  readonly cwd?: string;
  /**
   * Names of the gateway's environment variables that the child may see; the manifest's
   * `permissions.env` must list them. Unset ones stay unset.
   */
  readonly env?: readonly string[];
  /** Variables for this child alone. Secrets are masked in everything that it prints. */
  readonly set?: Readonly<Record<string, string | Secret>>;
  /**
   * Answers 2xx once the child is ready. Its host must be among the manifest's
   * `permissions.hosts`. Without it, and without `channel`, a child is ready as soon as it runs.
   */
  readonly readyUrl?: string;
  /** One that is not ready by then is ended and started again, in milliseconds. Default 30 s. */
  readonly readyTimeoutMs?: number;
  /**
   * A child that was ready and whose `readyUrl` gives no answer at all for this long, not even an
   * error, is ended and started again, in milliseconds. Absent: it may be silent for ever.
   */
  readonly aliveTimeoutMs?: number;
  /**
   * Gives the child a channel of JSON messages: Node's own, so that a child in Node uses
   * `process.send()` and `process.on('message')`. It is ready once it has sent
   * `{ "type": "ready" }`, and should end itself on `disconnect`: the gateway is gone then.
   */
  readonly channel?: boolean;
  /** Longest message, as JSON, in either direction, in bytes. Default 1 MiB. */
  readonly maxMessageBytes?: number;
  /** Asks it to end. Default `SIGTERM`. */
  readonly stopSignal?: 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGQUIT';
  /** From that to `SIGKILL` for its whole group, in milliseconds. Default 5 s. */
  readonly stopTimeoutMs?: number;
  /**
   * The resident memory of all its processes together, in MiB; above it is ended and started again.
   * Watched where there is `/proc`, every two seconds. Absent: no ceiling.
   */
  readonly memoryLimitMb?: number;
}

/**
 * Where a child is in its life. `waiting`: the former generation's child of that name has to end
 * first. `backing-off`: it ended by itself and is started again soon. `crash-loop`: it ended so
 * often that it is tried rarely.
 */
export type ChildState =
  'waiting' | 'starting' | 'ready' | 'backing-off' | 'crash-loop' | 'stopping' | 'stopped';

/** How a child's process ended. */
export interface ChildExit {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Its exit code; absent where a signal ended it, or where it never ran. */
  readonly code?: number;
  readonly signal?: string;
  /** One sentence for the operator; no secrets. */
  readonly reason: string;
}

/** How a child does. */
export interface ChildStatus {
  readonly state: ChildState;
  /** When `state` became what it is, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** Of its process, while there is one. */
  readonly pid?: number;
  /** When that process was started, in milliseconds since 1970. */
  readonly startedMs?: number;
  /** Resident memory of all its processes, in bytes; absent where it can't be known. */
  readonly memoryBytes?: number;
  /** How often it was started again. */
  readonly restarts: number;
  /** When it is started again, in milliseconds since 1970. */
  readonly retryAtMs?: number;
  readonly lastExit?: ChildExit;
}

/** A child, whichever process it is at the moment. */
export interface Child {
  readonly name: string;
  /** Now. */
  readonly status: ChildStatus;
  /**
   * What the child sends, in order; for one reader, and only with `channel`. Each new process begins
   * with its `{ "type": "ready" }`: the time to tell it again what it has to know. Whoever reads
   * slowly slows the child down. Ends when the child is stopped for good.
   */
  readonly messages: AsyncIterable<Json>;
  /**
   * Resolves once the child can take more.
   *
   * @throws GatewayError `PLUGIN_CHILD_DOWN` while no process of it is ready or starting,
   *   `PLUGIN_BAD_CHILD` without `channel` and for a message that is too long.
   */
  send(message: Json): Promise<void>;
  /** Calls back after each change of {@link Child.status}. @returns what ends it. */
  onChange(listener: (status: ChildStatus) => void): () => void;
  /**
   * Waits until it is ready. Not for `setup` and `start`: a child that takes its time is no reason
   * to keep the gateway from starting.
   *
   * @throws GatewayError `PLUGIN_CHILD_DOWN` when it is in a crash loop or stopped; the signal's
   *   reason.
   */
  ready(signal: AbortSignal): Promise<void>;
}

/**
 * Starts, watches, restarts and stops an instance's children. What still runs when the instance
 * ends is stopped then, the last started first; where the next generation has started the same child
 * with an equal spec, its process goes on for that one.
 *
 * A child that ends by itself is started again after 1 s, then 2 s, and so on to 60 s; a minute in
 * readiness begins anew.
 */
export interface Supervisor {
  /**
   * Declares a child and begins to start it; resolves without waiting for readiness, and a child
   * that can't be started is no error here: see {@link Child.status}.
   *
   * @throws GatewayError `PLUGIN_BAD_CHILD` for a spec that can't be used, or a name that runs.
   */
  start(spec: ChildSpec): Promise<Child>;
  /** Ends it and starts it at once, also one in a crash loop. @throws as {@link Supervisor.stop} */
  restart(name: string): Promise<void>;
  /** Ends it for good. @throws GatewayError `PLUGIN_BAD_CHILD` when no child has that name. */
  stop(name: string): Promise<void>;
}
