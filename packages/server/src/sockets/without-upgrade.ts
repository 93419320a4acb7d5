import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

const OFFERS: readonly string[] = ['upgrade', 'http2-settings'];

/**
 * Gives a request back to the server without its offer to speak another protocol. Java's HTTP client,
 * for example, offers HTTP/2 with every first request and takes an answer in HTTP/1.1; Node takes a
 * connection with an offer out of the server's hands once anybody listens for `upgrade`.
 */
export function takeAsRequest(
  req: IncomingMessage,
  tcp: Duplex,
  head: Buffer,
  server: Server,
): void {
  const lines = [`${req.method ?? 'GET'} ${req.url ?? '/'} HTTP/${req.httpVersion}`];
  for (let at = 0; at < req.rawHeaders.length; at += 2) {
    const name = req.rawHeaders[at] ?? '';
    const value = req.rawHeaders[at + 1] ?? '';
    const lower = name.toLowerCase();
    if (OFFERS.includes(lower)) continue;
    if (lower !== 'connection') lines.push(`${name}: ${value}`);
    else {
      const kept = value.split(',').filter((one) => !OFFERS.includes(one.trim().toLowerCase()));
      if (kept.length > 0) lines.push(`${name}: ${kept.join(',')}`);
    }
  }
  tcp.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', tcp);
}
