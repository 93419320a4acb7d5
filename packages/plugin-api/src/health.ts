import type { AccountContext } from './account.ts';

/** What a probe found. */
export interface HealthReport {
  readonly status: 'up' | 'degraded' | 'down';
  /** One sentence for the operator. */
  readonly detail?: string;
}

/** Looks after the health of what a plugin depends on. */
export interface HealthProbe {
  /** Unique within the plugin; named in the manifest's `provides.probes`. */
  readonly id: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** `readiness`: the account is not used while the probe is down. `report-only`: only shown. */
  readonly affects: 'readiness' | 'report-only';
  /** Called once per usable account. A throw counts as `down`. */
  check(context: AccountContext): Promise<HealthReport>;
}
