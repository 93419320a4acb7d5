import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { ResponseSink } from './answer-sink.ts';

test('a client that takes nothing for too long is cut off, in the middle and at the end', async () => {
  const sinks: ResponseSink[] = [];
  const left: boolean[] = [];
  const server = createServer((req, res) => {
    const exchange = {
      req,
      res,
      requestId: 'r1',
      method: 'GET',
      path: '/',
      query: '',
      corsOrigin: undefined,
      handed: true,
    };
    const sink = new ResponseSink(exchange, () => [], 100);
    sinks.push(sink);
    sink.onClosed(() => left.push(true));
    sink.start({ status: 200, contentType: 'text/plain', headers: {} });
    const large = Buffer.alloc(32 * 1024 * 1024);
    if (req.url === '/middle') {
      expect(sink.write(large)).toBe(false);
      sink.onDrain(() => undefined);
    } else {
      sink.write(large);
      sink.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  for (const path of ['/middle', '/end']) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    socket.pause();
    const count = sinks.length;
    while (sinks.length === count) await new Promise((resolve) => setTimeout(resolve, 5));
    // Would stay open for ever: nobody reads, nobody closes.
    while ((await connections(server)) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
  }
  expect(left).toEqual([true]);
  await new Promise((resolve) => server.close(resolve));
});

test('a client that takes its time gets everything, however long that takes', async () => {
  const large = Buffer.alloc(32 * 1024 * 1024);
  const server = createServer((req, res) => {
    const exchange = {
      req,
      res,
      requestId: 'r1',
      method: 'GET',
      path: '/',
      query: '',
      corsOrigin: undefined,
      handed: true,
    };
    const sink = new ResponseSink(exchange, () => [], 500);
    const length = large.length;
    sink.start({
      status: 200,
      contentType: 'text/plain',
      contentLength: length,
      headers: {},
    });
    sink.write(large);
    if (req.url === '/end') sink.end();
    else sink.onDrain(() => sink.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    for (const path of ['/middle', '/end']) {
      const began = Date.now();
      let bytes = 0;
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      socket.on('data', (chunk: Buffer) => {
        const before = Math.floor(bytes / 1e6);
        bytes += chunk.length;
        if (Math.floor(bytes / 1e6) === before) return;
        socket.pause();
        setTimeout(() => socket.resume(), 60);
      });
      await new Promise((resolve) => socket.once('close', resolve));
      expect(bytes).toBeGreaterThan(large.length);
      // Or it would prove nothing.
      expect(Date.now() - began).toBeGreaterThan(1500);
    }
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

function connections(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
}
