import type { ChildStatus, HealthReport } from '@cliproxy/plugin-api';
import type { InstanceState } from '../plugins/plugin-instance.ts';

/** One account's health. Times are milliseconds since 1970 unless their name says otherwise. */
export interface AccountHealth {
  readonly id: string;
  readonly label: string;
  readonly state: 'usable' | 'cooling' | 'trial' | 'needs-login' | 'invalid-key' | 'probe-down';
  readonly reason?: string;
  readonly untilMs?: number;
  /** Milliseconds until it is tried again. */
  readonly retryInMs?: number;
  /** Models that are out for this account alone. */
  readonly models?: readonly {
    readonly model: string;
    readonly reason?: string;
    readonly untilMs?: number;
  }[];
  readonly probes: readonly (HealthReport & {
    readonly probe: string;
    readonly checkedAtMs: number;
  })[];
  readonly lastSuccessMs?: number;
  readonly quotas?: readonly {
    readonly name: string;
    readonly limit?: number;
    readonly remaining?: number;
    readonly resetAtMs?: number;
  }[];
}

/** A child process of an instance. */
export interface ChildHealth extends ChildStatus {
  /** Within the instance. */
  readonly name: string;
  /** Milliseconds until it is started again. */
  readonly retryInMs?: number;
  /** The file that holds what it prints. */
  readonly log?: string;
}

/** One plugin instance's health. */
export interface PluginHealth {
  readonly instanceId: string;
  readonly plugin: string;
  readonly package: string;
  readonly version: string;
  readonly state: InstanceState;
  /**
   * `ready` and all accounts usable: `up`; some out, or a child process not ready: `degraded`; no
   * account usable: `down`.
   */
  readonly status: 'up' | 'degraded' | 'down';
  readonly problems: readonly string[];
  readonly accounts: readonly AccountHealth[];
  /** Absent: the plugin has none. */
  readonly children?: readonly ChildHealth[];
  /** Failed: by the upstream or the plugin; not by the request's own fault. */
  readonly requests: { readonly answered: number; readonly failed: number };
  /** How many of the failed requests the plugin's own code is to blame for; absent: none. */
  readonly faults?: number;
  readonly lastSuccessMs?: number;
  /** Time to the first token of the last 256 answers, in milliseconds. */
  readonly ttftMs?: { readonly p50: number; readonly p95: number };
}

/** The gateway's health. */
export interface HealthSnapshot {
  /** `up`: every enabled instance is up; `down`: none is. */
  readonly status: 'up' | 'degraded' | 'down';
  /** True: started, not stopping. */
  readonly ready: boolean;
  readonly plugins: readonly PluginHealth[];
}
