import { randomBytes } from 'node:crypto';

/** A ticket as it is told to whoever asked for it. */
interface IssuedTicket {
  readonly ticket: string;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/**
 * Tickets for browsers, which send no key by themselves: each opens one path, once, soon. An address
 * with one may stay in a history, where it is worth nothing.
 */
export interface Tickets {
  /** Oldest tickets give way where there are many. */
  issue(path: string): IssuedTicket;
  /** Uses a ticket up. @returns whether it opens the path. */
  take(ticket: string, path: string): boolean;
}

const LIFE_MS = 60_000;
const MAX_TICKETS = 100;

/** @param now - milliseconds since 1970. */
export function createTickets(now: () => number): Tickets {
  const issued = new Map<string, { readonly path: string; readonly expiresAtMs: number }>();
  return {
    issue(path) {
      const [oldest] = issued.keys();
      if (oldest !== undefined && issued.size >= MAX_TICKETS) issued.delete(oldest);
      const ticket = randomBytes(32).toString('base64url');
      const expiresAtMs = now() + LIFE_MS;
      issued.set(ticket, { path, expiresAtMs });
      return { ticket, expiresAtMs };
    },
    take(ticket, path) {
      const found = issued.get(ticket);
      issued.delete(ticket);
      return found?.path === path && found.expiresAtMs > now();
    },
  };
}
