import type { GatewayError } from '@cliproxy/plugin-api';
import type { Clock } from '../ports/clock.ts';
import type { AttemptEnd } from './attempt-input.ts';
import type { Attempt } from './attempt.ts';
import { failureOf } from './failure-of.ts';
import type { HookRun, HookedFlight } from '../hooks/hook-run.ts';
import type { IngressCall } from './ingress-call.ts';
import { RequestRecord } from './request-record.ts';

/** One client's request under way: what it does now, and whether anybody still wants it. */
export class Flight implements HookedFlight {
  /** The client's; the hooks may put another request into it, before anything is sent. */
  call: IngressCall;
  readonly record: RequestRecord;
  /** Where it stands among those under way; theirs to change. */
  place = 0;
  /** The hooks that see it; absent: none does. */
  hooks: HookRun | undefined;
  /** What broke the answer after it had begun. */
  error: GatewayError | undefined;
  /** Why the gateway itself ended it. */
  stopped: GatewayError | undefined;
  #left = false;
  #attempt: Attempt | undefined;
  #wake: (() => void) | undefined;

  constructor(call: IngressCall, clock: Clock) {
    this.call = call;
    this.record = new RequestRecord(call, clock);
  }

  /** True: the client has left. */
  get left(): boolean {
    return this.#left;
  }

  /** True: nobody wants it any more. */
  get over(): boolean {
    return this.#left || this.stopped !== undefined;
  }

  /** The client has left. */
  readonly leave = (): void => {
    this.#left = true;
    this.#attempt?.leave();
    this.#wake?.();
  };

  /** Ends it, with an error for the client. */
  stop(error: GatewayError): void {
    this.stopped ??= error;
    this.#attempt?.stop(error);
    this.#wake?.();
  }

  /** Runs an attempt, unless nobody wants it any more. */
  async fly(attempt: Attempt): Promise<AttemptEnd> {
    const { stopped } = this;
    if (this.#left) return { outcome: 'client-left' };
    if (stopped !== undefined) {
      return { outcome: 'failed', error: stopped, failure: failureOf(stopped) };
    }
    this.#attempt = attempt;
    try {
      return await attempt.run();
    } finally {
      this.#attempt = undefined;
    }
  }

  /** Waits for a promise, but no longer than that and than the flight itself. */
  async within<T>(promise: Promise<T>, limitMs: number): Promise<T | undefined> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<T | undefined>((resolve, reject) => {
        promise.then(resolve, reject);
        this.#wake = () => {
          resolve(undefined);
        };
        timer = setTimeout(this.#wake, limitMs);
        if (this.over) this.#wake();
      });
    } finally {
      clearTimeout(timer);
      this.#wake = undefined;
    }
  }
}
