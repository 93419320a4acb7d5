/**
 * Where a plugin's own fault showed.
 *
 * - `request`: while it served one, its authenticators included.
 * - `abort`: it did not let go of a request whose signal was aborted.
 * - `hook`: in one of its hooks.
 * - `child`: its own process, for an instance with `isolation: process`, ended by itself.
 * - `stray`: an error that nobody caught or a rejection that nobody awaits, in a timer of its or the like.
 * - `models`, `probe`, `login`, `socket`, `accounts`, `log`, `stop`: beside requests.
 */
export type FaultPlace =
  | 'request'
  | 'abort'
  | 'hook'
  | 'child'
  | 'stray'
  | 'models'
  | 'probe'
  | 'login'
  | 'socket'
  | 'accounts'
  | 'log'
  | 'stop';

/** One fault of a plugin's own code; a failure of its upstream is none. */
export interface InstanceFault {
  readonly instanceId: string;
  readonly where: FaultPlace;
  /** Whatever was thrown, or a sentence that says what the plugin did. */
  readonly error: unknown;
  /** What it failed to do, before what it threw: "could not stop". */
  readonly what?: string;
  /** The request that it served, where it did. */
  readonly requestId?: string;
}

/** Takes a fault of one instance. */
export type OnFault = (where: FaultPlace, error: unknown, what?: string) => void;

/** When an instance that is out is tried again, and why it is out. */
export interface InstanceOutage {
  /** Milliseconds since 1970. */
  readonly untilMs: number;
  readonly reason: string;
}

/**
 * Takes what plugins do wrong, and takes those out that do it again and again. Nothing here throws
 * or waits.
 */
export interface InstanceFaults {
  /** Takes a fault: it is logged, counted, told in health, and may put the instance out. */
  note(fault: InstanceFault): void;
  /** A hook of the instance did what it was asked to: one of their faults is forgiven, or a trial passed. */
  noteSuccess(instanceId: string): void;
  /** Whether the instance's hooks are to be left alone now; undefined: they may be called. */
  outage(instanceId: string): InstanceOutage | undefined;
}

/**
 * Whether faults there put an instance out. What it does beside requests says little about whether
 * it can answer them.
 */
export function weighs(where: FaultPlace): boolean {
  switch (where) {
    case 'request':
    case 'abort':
    case 'hook':
    case 'child':
    case 'stray':
      return true;
    case 'models':
    case 'probe':
    case 'login':
    case 'socket':
    case 'accounts':
    case 'log':
    case 'stop':
      return false;
  }
}
