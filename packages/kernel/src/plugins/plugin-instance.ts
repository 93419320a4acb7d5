import type { Executor, HealthProbe, Hook, Logger, SocketEndpoint } from '@cliproxy/plugin-api';
import type { AccountHandle } from '../accounts/account-handle.ts';
import type { OnFault } from '../faults/instance-faults.ts';
import type { LoginPlace } from '../logins/login-place.ts';
import type { Problem } from '../ports/problem.ts';

/** Where an instance is in its life. */
export type InstanceState =
  'starting' | 'ready' | 'needs-login' | 'failed' | 'stopped' | 'disabled';

/** A pattern of model names that a plugin serves, from its manifest. */
export interface ModelPatternDeclaration {
  /** A model name; `*` stands for any characters. */
  readonly match: string;
  /** The name at the upstream; its `*` take what those of `match` stood for. Absent: unchanged. */
  readonly upstream?: string;
}

/** One plugin instance at work: what routing, dispatch and health use. Read-only for them. */
export interface PluginInstance {
  readonly id: string;
  readonly pluginId: string;
  readonly packageName: string;
  readonly version: string;
  /** Its code runs in a process of its own; absent: in the gateway's. */
  readonly isolation?: 'process' | undefined;
  readonly state: InstanceState;
  /** Why it is `failed`. */
  readonly problems: readonly Problem[];
  readonly patterns: readonly ModelPatternDeclaration[];
  /** Absent while not `ready` and not `needs-login`, and for plugins without one. */
  readonly executor: Executor | undefined;
  readonly probes: readonly HealthProbe[];
  readonly sockets: readonly SocketEndpoint[];
  /** Empty while not `ready` and not `needs-login`. */
  readonly hooks: readonly Hook[];
  /** Aborted when it has done its last call and ends. */
  readonly ended: AbortSignal;
  /** Where its accounts are logged in and out; absent while it does not serve. */
  readonly logins?: LoginPlace | undefined;
  readonly logger: Logger;
  /** Takes what the plugin's own code does wrong. */
  readonly onFault: OnFault;
  /** The accounts now; relay pages come and go. The array is replaced, never changed. */
  accounts(): readonly AccountHandle[];
  /** Marks a call as under way, so that a replaced instance ends after its last call. */
  enter(): void;
  leave(): void;
}
