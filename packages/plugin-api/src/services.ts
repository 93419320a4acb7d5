import type { AccountRegistry } from './account.ts';
import type { HttpClient } from './http.ts';
import type { Supervisor } from './supervisor.ts';

/** A typed name for something that the kernel gives to plugins. Compared by `id`. */
export interface ServiceRef<T> {
  readonly id: string;
  /** Carries the type; never present. */
  readonly __type?: (_: T) => T;
}

function ref<T>(id: string): ServiceRef<T> {
  return Object.freeze({ id });
}

/** Where the gateway can be reached. */
export interface GatewayAddress {
  /** Whether programs on this machine alone can reach it: `server.host` is a loopback address. */
  readonly local: boolean;
  /**
   * As programs on this machine reach it, such as `http://127.0.0.1:8317`; absent until the port is
   * open, which is after every plugin's `start`.
   */
  current(): string | undefined;
}

/** The services that a plugin can ask for in `deps`. */
export const services = Object.freeze({
  /** HTTP without credentials, to the hosts that the manifest declares. */
  http: ref<HttpClient>('@cliproxy/http'),
  /** For accounts that come and go while running. */
  accounts: ref<AccountRegistry>('@cliproxy/accounts'),
  /** For processes beside the gateway; the manifest must declare `childProcess`. */
  supervisor: ref<Supervisor>('@cliproxy/supervisor'),
  /** For what a plugin starts itself, and what has to find the gateway. */
  address: ref<GatewayAddress>('@cliproxy/address'),
  /** The gateway's clock, in milliseconds since 1970. */
  clock: ref<{ now(): number }>('@cliproxy/clock'),
});
