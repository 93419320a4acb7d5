import type { NewAccount } from './account.ts';
import type { Authenticator } from './authenticator.ts';
import type { Executor } from './executor.ts';
import type { HealthProbe } from './health.ts';
import type { Hook } from './hook.ts';
import type { SocketEndpoint } from './socket.ts';

/**
 * What a plugin instance brings. All of it is taken together or not at all, and must match what
 * the manifest's `provides` says; only authenticators may be fewer, where the configuration leaves
 * some off.
 */
export interface Contributions {
  readonly executor?: Executor;
  readonly authenticators?: readonly Authenticator[];
  /** Configured accounts. No authenticators at all: one account `<instance>/default`. */
  readonly accounts?: readonly NewAccount[];
  readonly probes?: readonly HealthProbe[];
  readonly sockets?: readonly SocketEndpoint[];
  /** Since 1.1. */
  readonly hooks?: readonly Hook[];
  /** Runs before the port opens; 10 s. */
  start?(signal: AbortSignal): Promise<void>;
  /** Runs after the last request is drained, in reverse order of starting. */
  stop?(signal: AbortSignal): Promise<void>;
}
