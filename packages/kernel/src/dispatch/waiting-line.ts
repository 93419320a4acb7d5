import type { Plan } from '../routing/plan.ts';

/** One request that waits for a place. */
export interface Waiter {
  /** Instance and account ids; a place of any of them serves it. */
  keys: ReadonlySet<string>;
  wake: (() => void) | undefined;
  /** The place that it was called to. */
  called: { readonly instanceId: string; readonly accountId: string } | undefined;
}

/** Requests that wait for a place, in the order in which they came. */
export class WaitingLine {
  readonly #waiting = new Set<Waiter>();

  /** @returns undefined where the line is full. @param size - how long it may be. */
  enter(size: number): Waiter | undefined {
    if (this.#waiting.size >= size) return undefined;
    const waiter: Waiter = { keys: new Set(), wake: undefined, called: undefined };
    this.#waiting.add(waiter);
    return waiter;
  }

  /** Waits for the next place of one of these; whoever waits again keeps its position. */
  async next(waiter: Waiter, keys: ReadonlySet<string>): Promise<true> {
    waiter.keys = keys;
    this.#handOn(waiter);
    await new Promise<void>((resolve) => (waiter.wake = resolve));
    return true;
  }

  /** A place is free: the first who waits for it may try. */
  readonly call = (instanceId: string, accountId: string): void => {
    this.#call({ instanceId, accountId }, undefined);
  };

  /** Leaves the line. @param served - false: the place that it was called to is the next one's. */
  leave(waiter: Waiter, served: boolean): void {
    if (!served) this.#handOn(waiter);
    this.#waiting.delete(waiter);
  }

  /** A place that is of no use to one may be of use to those behind; it never goes back. */
  #handOn(waiter: Waiter): void {
    const place = waiter.called;
    waiter.called = undefined;
    waiter.wake = undefined;
    if (place !== undefined) this.#call(place, waiter);
  }

  #call(place: NonNullable<Waiter['called']>, behind: Waiter | undefined): void {
    let passed = behind === undefined;
    for (const waiter of this.#waiting) {
      const { keys, wake, called } = waiter;
      if (!passed || called !== undefined || wake === undefined) {
        passed ||= waiter === behind;
        continue;
      }
      if (!keys.has(place.instanceId) && !keys.has(place.accountId)) continue;
      waiter.called = place;
      wake();
      return;
    }
  }
}

/** Ids of the accounts that are busy, and of their instances. @param skipped - instances not meant. */
export function busyIn({ candidates }: Plan, skipped: ReadonlySet<string>): Set<string> {
  const busy = new Set<string>();
  for (const { instanceId, accounts } of candidates) {
    if (skipped.has(instanceId)) continue;
    for (const { handle, reason } of accounts) {
      if (reason === 'busy') busy.add(instanceId).add(handle.account.id);
    }
  }
  return busy;
}

/** Whether one of these accounts can be used. */
export function anyUsable({ candidates }: Plan, accountIds: ReadonlySet<string>): boolean {
  return candidates.some(
    (candidate) =>
      candidate.usable &&
      candidate.accounts.some(({ handle, usable }) => usable && accountIds.has(handle.account.id)),
  );
}
