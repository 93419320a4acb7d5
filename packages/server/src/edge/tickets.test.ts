import { expect, test } from '@jest/globals';
import { createTickets } from './tickets.ts';

test('a ticket opens its own path, once, for a minute', () => {
  let nowMs = 1000;
  const tickets = createTickets(() => nowMs);
  const once = tickets.issue('/a');
  expect(once.expiresAtMs).toBe(61_000);
  expect(tickets.take(once.ticket, '/a')).toBe(true);
  expect(tickets.take(once.ticket, '/a')).toBe(false);

  const elsewhere = tickets.issue('/a');
  expect(tickets.take(elsewhere.ticket, '/b')).toBe(false);
  expect(tickets.take(elsewhere.ticket, '/a')).toBe(false);

  const [inTime, late] = [tickets.issue('/a'), tickets.issue('/a')];
  nowMs += 59_999;
  expect(tickets.take(inTime.ticket, '/a')).toBe(true);
  nowMs += 1;
  expect(tickets.take(late.ticket, '/a')).toBe(false);
});

test('there are a hundred at most', () => {
  const tickets = createTickets(() => 0);
  const all = Array.from({ length: 101 }, () => tickets.issue('/a').ticket);
  expect(all.filter((ticket) => tickets.take(ticket, '/a'))).toEqual(all.slice(1));
});
