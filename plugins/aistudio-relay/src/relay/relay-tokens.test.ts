import { describe, expect, test } from '@jest/globals';
import { RelayTokens } from './relay-tokens.ts';

const ONE = 'relay-token-one-0123456789';
const TWO = 'relay-token-two-0123456789';
const SEC = 1000;

function rig(relayTokens: readonly string[]) {
  const clock = { nowMs: 1_800_000_000_000 };
  return { clock, tokens: new RelayTokens(relayTokens, () => clock.nowMs) };
}

describe('tickets', () => {
  test('count once, for the profile that they were made for', () => {
    const { tokens } = rig([ONE]);
    const { ticket } = tokens.issueTicket('work');
    expect(tokens.ticket(`${ticket}x`)).toBeUndefined();
    expect(tokens.ticket(ticket)).toMatchObject({ profile: 'work' });
    expect(tokens.ticket(ticket)).toBeUndefined();
    expect(tokens.ticket(tokens.issueTicket().ticket)).toEqual({ grant: tokens.token(ONE)!.grant });
  });

  test('of the service count two minutes, of a person ten', () => {
    const { clock, tokens } = rig([]);
    const [early, late, person] = [
      tokens.issueTicket('a'),
      tokens.issueTicket('a'),
      tokens.issueTicket(),
    ].map(({ ticket, expiresAtMs }) => {
      expect(expiresAtMs).toBeGreaterThan(clock.nowMs);
      return ticket;
    }) as [string, string, string];
    clock.nowMs += 119 * SEC;
    expect(tokens.ticket(early)).toBeDefined();
    clock.nowMs += SEC;
    expect(tokens.ticket(late)).toBeUndefined();
    clock.nowMs += 479 * SEC;
    expect(tokens.ticket(person)).toBeDefined();
  });

  test('are remembered up to a thousand', () => {
    const { tokens } = rig([ONE]);
    const tickets = Array.from({ length: 1500 }, () => tokens.issueTicket().ticket);
    const counting = tickets.filter((ticket) => tokens.ticket(ticket) !== undefined);
    expect(counting).toEqual(tickets.slice(-counting.length));
    expect(counting.length).toBeLessThanOrEqual(1001);
  });
});

describe('tokens to connect again with', () => {
  test('say whom they were given to, and end with the relay token and with time', () => {
    const { clock, tokens } = rig([ONE, TWO]);
    const bearer = { ...tokens.token(TWO)!, profile: 'a.b' };
    const { token, expiresAtMs } = tokens.resumeFor('client-1', bearer);
    expect(tokens.resume(token)).toEqual({ ...bearer, clientId: 'client-1' });
    // Known without any memory of it, by whoever has the relay token.
    expect(rig([TWO]).tokens.resume(token)).toMatchObject({ clientId: 'client-1' });
    expect(rig([ONE]).tokens.resume(token)).toBeUndefined();
    expect(rig([ONE]).tokens.holds(bearer.grant)).toBe(false);
    clock.nowMs = expiresAtMs - 1;
    expect(tokens.resume(token)).toBeDefined();
    clock.nowMs = expiresAtMs;
    expect(tokens.resume(token)).toBeUndefined();
  });

  test('that were changed anywhere count for nothing', () => {
    const { tokens } = rig([ONE]);
    const { token } = tokens.resumeFor('client-1', { ...tokens.token(ONE)!, profile: 'p' });
    for (let at = 0; at < token.length; at += 1) {
      const other = token[at] === 'A' ? 'B' : 'A';
      expect(tokens.resume(token.slice(0, at) + other + token.slice(at + 1))).toBeUndefined();
      expect(tokens.resume(token.slice(0, at))).toBeUndefined();
    }
  });

  test('without any relay token count for one life', () => {
    const { tokens } = rig([]);
    const { token } = tokens.resumeFor('client-1', tokens.ticket(tokens.issueTicket().ticket)!);
    expect(tokens.resume(token)).toBeDefined();
    expect(rig([]).tokens.resume(token)).toBeUndefined();
    expect(tokens.token('')).toBeUndefined();
  });
});
