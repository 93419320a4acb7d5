import type { Problem } from './problem.ts';

/** One plugin instance, as configured. */
export interface PluginSettings {
  /** Key under `plugins:`. */
  readonly instanceId: string;
  /** Package name, or absolute folder of one. */
  readonly package: string;
  readonly enabled: boolean;
  /** True: the gateway does not start without it. */
  readonly required: boolean;
  /** True: the operator takes a plugin that uses experimental parts of the contract. */
  readonly experimental?: boolean;
  /** As written, `${ENV}` expanded; checked against the plugin's schema by the plugin host. */
  readonly config: unknown;
  /** `process`: its code runs in a process of its own. Absent: in the gateway's. */
  readonly isolation?: 'process';
  /** The most memory that process may take, in MiB; for `isolation: process`. Default 512. */
  readonly memoryLimitMb?: number;
  /** Requests that it answers at the same time, at most; absent: any number. */
  readonly maxConcurrent?: number;
  /**
   * How requests are shared among its accounts, by the account's key or label; `*` stands for all,
   * as far as they have nothing of their own.
   */
  readonly accounts?: Readonly<Record<string, AccountSettings>>;
  /** What is wrong with it already, for example an unset environment variable. */
  readonly problems: readonly Problem[];
}

/** One account's part in the work of its instance. */
export interface AccountSettings {
  /** Its share of the requests within its priority, from 1 to 100. Default 1. */
  readonly weight?: number;
  /** Accounts of a lower one are used while all of the higher ones are out. Default 0. */
  readonly priority?: number;
  /** Requests that it answers at the same time, at most; absent: any number. */
  readonly maxConcurrent?: number;
}

/** Names a plugin instance that can serve a route, and the model to ask it for. */
export interface RouteTarget {
  readonly plugin: string;
  /** The model's name towards the plugin; absent: the name that was asked for. */
  readonly model?: string;
  /** Its share of the requests within its priority, from 1 to 100; for `weighted`. Default 1. */
  readonly weight?: number;
  /** Targets of a lower one are used while all of the higher ones are out. Default 0. */
  readonly priority?: number;
}

/**
 * How to choose among a route's targets of one priority: in their order, in turn, in turn by
 * weight, or the one that was quickest with its first token of late.
 */
export type StrategyName = 'failover' | 'round-robin' | 'weighted' | 'least-latency';

/** One configured route; the first that matches wins. */
export interface RouteSettings {
  /** A model name; `*` stands for any characters. */
  readonly match: string;
  readonly targets: readonly RouteTarget[];
  readonly strategy: StrategyName;
}

/** Time-outs, in milliseconds; all but the last of one attempt. */
export interface TimeoutSettings {
  readonly connectMs: number;
  /** From sending the request to the first byte of the answer's body. */
  readonly firstByteMs: number;
  /** Between two chunks of the answer. */
  readonly idleMs: number;
  /** The whole attempt. */
  readonly totalMs: number;
  /** How long a person has to log an account in. */
  readonly loginMs: number;
}

/** Numbers of failover and cooling. All times in milliseconds. */
export interface FailoverSettings {
  /** Attempts per client request. Default 4. */
  readonly maxAttempts: number;
  /** Retries ≤ max(`retryFloor`, `retryRatio` × client requests) per 10 s. */
  readonly retryRatio: number;
  readonly retryFloor: number;
  /** Requests that may wait for an account whose `maxConcurrent` is reached. Default 32. */
  readonly queueSize: number;
  /** How long one of them waits at most. Default 2 s. */
  readonly queueMs: number;
  /** Longest cooling that a vendor's reset time can cause. Default 1 h. */
  readonly maxCoolingMs: number;
  /**
   * Longest cooling after `timeout`, `network`, `upstream`: 1 s at first, doubling with each
   * failure in a row. Default 30 s.
   */
  readonly outageMs: number;
  /** After `overloaded`; jitter of a half is added. Default 5 s. */
  readonly overloadedMs: number;
  /** After a `rate-limit` without a stated reset. Default 30 s. */
  readonly rateLimitMs: number;
  /** After `forbidden` and `billing`. Default 30 min. */
  readonly deniedMs: number;
  /** First time out of (account, model) after `not-found`, doubling. Default 10 min. */
  readonly notFoundMs: number;
  /** Faults of a plugin's own code within `pluginFaultWindowMs` that put its instance out. Default 5. */
  readonly pluginFaults: number;
  /** Default 1 min. */
  readonly pluginFaultWindowMs: number;
  /** Longest time that it is out then: 1 s at first, doubling with each failed trial. Default 1 min. */
  readonly pluginFaultMaxMs: number;
  /** Bytes of a stream's beginning that are held before the commit point. Default 64 KiB. */
  readonly holdStreamBytes: number;
  /** Bytes of an answer without stream that are held. Default 1 MiB. */
  readonly holdBodyBytes: number;
  /** Commit after this time even without a meaningful event; 0: never. */
  readonly commitAfterMs: number;
  /** Largest answer without stream that is translated, in bytes. Default 64 MiB. */
  readonly maxAnswerBytes: number;
}

/** The part of the configuration that the kernel needs; frozen. */
export interface KernelSettings {
  /** Absolute folder of the configuration file; plugins are looked for from here first. */
  readonly baseDir: string;
  readonly plugins: readonly PluginSettings[];
  readonly routes: readonly RouteSettings[];
  /** Name asked for → name meant. */
  readonly aliases: Readonly<Record<string, string>>;
  readonly timeouts: TimeoutSettings;
  readonly failover: FailoverSettings;
  /** How to choose among an instance's accounts. */
  readonly accountStrategy: AccountStrategyName;
  /** `auto`: ask Chat upstreams for a stream's usage and take the extra chunk out. */
  readonly usage: 'auto' | 'off';
}

/** How to choose among accounts; a request with a session is sticky in any case. */
export type AccountStrategyName = 'round-robin' | 'fill-first';
