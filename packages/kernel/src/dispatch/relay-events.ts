import type { ModelEvent } from '@cliproxy/plugin-api';
import type { Relay, RelayTarget } from './relay.ts';

/** After so many events in a row the timers and sockets get their turn. */
const EVENTS_PER_TURN = 64;

const eventTypes: readonly unknown[] = ['start', 'open', 'delta', 'close', 'usage', 'finish'];

/**
 * Moves an executor's events. Whatever the iterable does, {@link Relay.stop} ends it for us at
 * once: a `next()` that never settles is left behind, and what it brings later is dropped.
 *
 * @param onReleased - told once the iterable has come to its end or let go.
 */
export function relayEvents(
  events: AsyncIterable<unknown>,
  target: RelayTarget<unknown>,
  onReleased: () => void = () => undefined,
): Relay {
  let over = false;
  let paused = false;
  let wake: (() => void) | undefined;
  let iterator: AsyncIterator<unknown> | undefined;
  let asked: unknown;

  const pull = async (): Promise<void> => {
    try {
      iterator = events[Symbol.asyncIterator]();
      for (let count = 1; ; count++) {
        const coming = iterator.next();
        asked = coming;
        const step = await coming;
        if (isOver()) return;
        if (step.done === true) {
          over = true;
          onReleased();
          target.end();
          return;
        }
        target.take(step.value);
        if (count % EVENTS_PER_TURN === 0) await new Promise(setImmediate);
        while (paused && !isOver()) await new Promise<void>((resolve) => (wake = resolve));
        if (isOver()) return;
      }
    } catch (thrown) {
      if (isOver()) return;
      over = true;
      onReleased();
      target.fail(thrown);
    }
  };
  // A function, so that the compiler does not take the first answer for the last.
  const isOver = (): boolean => over;

  void pull();
  return {
    pause: () => {
      paused = true;
    },
    resume: () => {
      paused = false;
      wake?.();
    },
    stop: () => {
      if (over) return;
      over = true;
      wake?.();
      void Promise.allSettled([asked, letGo(iterator)]).then(onReleased);
    },
  };
}

/** Whether a plugin's answer can be asked for events. */
export function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** Whether what a plugin gave is an event at all; its inside is the pipe's affair. */
export function isEvent(value: unknown): value is ModelEvent {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    eventTypes.includes(value.type)
  );
}

/** Tells an iterator that nobody listens any more. What it makes of that is its own affair. */
async function letGo(iterator: AsyncIterator<unknown> | undefined): Promise<void> {
  await iterator?.return?.();
}
