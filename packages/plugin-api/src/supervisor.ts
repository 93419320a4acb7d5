/** A process that a plugin needs beside the gateway. */
export interface ChildSpec {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Names of environment variables that the child may see. */
  readonly env: readonly string[];
  /** Answers 2xx once the child is ready. */
  readonly readyUrl?: string;
  readonly memoryLimitMb?: number;
}

/** Starts, watches, restarts and stops children. */
export interface Supervisor {
  start(child: ChildSpec): Promise<void>;
  restart(name: string): Promise<void>;
  stop(name: string): Promise<void>;
}
