import type { ServerOptions, ServerSettings } from '../server-options.ts';
import { createKeyRing } from './client-keys.ts';
import type { KeyRing } from './client-keys.ts';
import { createHostPolicy } from './host-origin.ts';
import type { HostPolicy } from './host-origin.ts';
import type { Tickets } from './tickets.ts';
import type { TryLimit } from './try-limit.ts';

/** What the settings come to, compiled once per change. */
export interface EdgePolicy {
  readonly keys: KeyRing;
  readonly hosts: HostPolicy;
  readonly maxBodyBytes: number;
  readonly strictParameters: boolean;
  readonly maxSockets: number;
  readonly socketPingMs: number;
}

/** What every part of one server shares. */
export interface ServerContext extends Omit<ServerOptions, 'settings'> {
  readonly tries: TryLimit;
  readonly tickets: Tickets;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  /** Replaced whole when the settings change. */
  policy: EdgePolicy;
  /** True once the gateway stops: readiness is red, connections close after their answer. */
  draining: boolean;
}

/** Compiles the settings. */
export function createEdgePolicy(settings: ServerSettings): EdgePolicy {
  return {
    keys: createKeyRing(settings),
    hosts: createHostPolicy(settings),
    maxBodyBytes: Math.floor(settings.bodyLimitMb * 1024 * 1024),
    strictParameters: settings.strictParameters,
    maxSockets: settings.maxSockets,
    socketPingMs: settings.socketPingMs,
  };
}
