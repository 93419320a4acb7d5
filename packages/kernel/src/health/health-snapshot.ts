import type { ChildStatus, HealthReport } from '@cliproxy/plugin-api';
import type { FaultPlace } from '../faults/instance-faults.ts';
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

/** Faults of a plugin's own code since the gateway started. */
export interface FaultHealth {
  readonly count: number;
  /** How many there were where. */
  readonly byPlace: Readonly<Partial<Record<FaultPlace, number>>>;
  readonly last: { readonly where: FaultPlace; readonly message: string; readonly atMs: number };
}

/** An instance that was put out because of its own faults. */
export interface CircuitHealth {
  /** `open`: left alone; `half-open`: the next request tries it; `trial`: one does. */
  readonly state: 'open' | 'half-open' | 'trial';
  /** How often in a row it was put out. */
  readonly openings: number;
  readonly untilMs?: number;
  /** Milliseconds until it is tried again. */
  readonly retryInMs?: number;
}

/** One plugin instance's health. */
export interface PluginHealth {
  readonly instanceId: string;
  readonly plugin: string;
  readonly package: string;
  readonly version: string;
  /** `process`: its code runs in a process of its own, which is one of `children`. */
  readonly isolation?: 'process';
  /** `sick`: at work, but left alone because of its own faults; see `circuit`. */
  readonly state: InstanceState | 'sick';
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
  /** What the plugin's own code did wrong; absent: nothing. */
  readonly faults?: FaultHealth;
  /** Absent: it is in. */
  readonly circuit?: CircuitHealth;
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
