import type { Relay, RelayTarget } from './relay.ts';

/** Brings an executor's one reply. One that never comes is left behind by {@link Relay.stop}. */
export function relayReply(reply: Promise<unknown>, target: RelayTarget<unknown>): Relay {
  let over = false;
  // A function, so that the compiler does not take the first answer for the last.
  const isOver = (): boolean => over;
  reply.then(
    (value) => {
      if (isOver()) return;
      target.take(value);
      if (!isOver()) target.end();
    },
    (thrown: unknown) => {
      if (!isOver()) target.fail(thrown);
    },
  );
  return {
    // It comes in one piece; there is nothing to hold back.
    pause: () => undefined,
    resume: () => undefined,
    stop: () => {
      over = true;
    },
  };
}
