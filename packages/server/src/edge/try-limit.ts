import { ipaddr } from './ipaddr.ts';

const TRIES = 20;
const WINDOW_MS = 60_000;
const MAX_ADDRESSES = 10_000;

/** Counts wrong keys per address. */
export interface TryLimit {
  /**
   * Notes a wrong key.
   *
   * @returns undefined while the address may go on; else when it may, in milliseconds since 1970.
   */
  wrongKey(address: string | undefined): number | undefined;
}

/**
 * Makes the limit: 20 wrong keys per address and minute. Loopback is no exception, since a page or
 * another user of the machine tries from there. At most 10,000 addresses are remembered.
 */
export function createTryLimit(now: () => number): TryLimit {
  const windows = new Map<string, { tries: number; endsMs: number }>();
  return {
    wrongKey(address) {
      const key = network(address);
      const nowMs = now();
      let window = windows.get(key);
      // A clock that was set back must not lock anybody out for longer than a window.
      if (window === undefined || nowMs >= window.endsMs || window.endsMs - nowMs > WINDOW_MS) {
        window = { tries: 0, endsMs: nowMs + WINDOW_MS };
        windows.delete(key);
        windows.set(key, window);
        if (windows.size > MAX_ADDRESSES) windows.delete(windows.keys().next().value ?? '');
      }
      window.tries += 1;
      return window.tries > TRIES ? window.endsMs : undefined;
    },
  };
}

/** One IPv6 user has a whole /64 at hand: that counts as one address. */
function network(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return '';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return parsed.toByteArray().slice(0, 8).join('.');
}
