import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A vendor that pages of other origins may ask, and that streams as long as it is told to. */
export interface SlowVendor {
  readonly url: string;
  /** What was asked, with its body. */
  readonly asked: { readonly path: string; readonly body: string; left: boolean }[];
  close(): Promise<void>;
}

/**
 * `/echo` gives the body back; `/bytes/N` gives N bytes; `/stream/N/MS` gives N numbered lines, MS
 * milliseconds between; `/away` leads to another host.
 */
export async function startSlowVendor(): Promise<SlowVendor> {
  const asked: SlowVendor['asked'] = [];
  const server = createServer((request, response) => {
    void (async () => {
      response.setHeader('access-control-allow-origin', '*');
      response.setHeader('access-control-allow-headers', '*');
      response.setHeader('access-control-allow-methods', '*');
      if (request.method === 'OPTIONS') {
        response.writeHead(204).end();
        return;
      }
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const body = Buffer.concat(parts);
      const entry = { path: request.url ?? '', body: body.toString(), left: false };
      asked.push(entry);
      response.on('close', () => (entry.left = !response.writableFinished));
      const [, kind, first, second] = entry.path.split('/');
      if (kind === 'echo') response.end(body);
      else if (kind === 'away') response.writeHead(307, { location: 'http://localhost:1/' }).end();
      else if (kind === 'bytes') response.end(patternBytes(Number(first)));
      else {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        for (let line = 0; line < Number(first) && !response.destroyed; line += 1) {
          response.write(`data: ${line} é\n\n`);
          await sleep(Number(second));
        }
        response.end();
      }
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Bytes of which each place has its own value, so that lost and moved ones are seen. */
export function patternBytes(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 0xff));
}
