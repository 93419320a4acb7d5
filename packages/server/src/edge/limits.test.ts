import { Agent } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { CLIENT_KEY, ask, chatBody, raw, serverRig } from '../../test/fixture.ts';

const start = serverRig();

const MB = 1024 * 1024;
const bodyOf = (bytes: number): Buffer => {
  const head = '{"model":"m","messages":[],"x":"';
  return Buffer.from(`${head}${'x'.repeat(bytes - head.length - 2)}"}`);
};
const chunked = { 'transfer-encoding': 'chunked' };
const common = `Host: localhost\r\nx-api-key: ${CLIENT_KEY}\r\nContent-Type: application/json\r\n`;

describe('bodies', () => {
  test('at the limit taken, one past it refused, declared or chunked', async () => {
    const gateway = await start();
    for (const path of ['/v1/chat/completions', '/v1/messages']) {
      for (const headers of [{}, chunked]) {
        const fits = await ask(gateway, path, { headers, body: bodyOf(MB) });
        expect(fits.status).toBe(200);
        const past = await ask(gateway, path, { headers, body: bodyOf(MB + 1) });
        expect(past.status).toBe(413);
        expect(past.headers.connection).toBe('close');
        expect(past.json.error.message).toContain('server.bodyLimitMb');
        expect(past.json.type).toBe(path === '/v1/messages' ? 'error' : undefined);
      }
    }
    expect(gateway.kernel.calls).toHaveLength(4);
  });

  test('bytes arrive as they were sent, whole or in pieces', async () => {
    const gateway = await start();
    const seen: string[] = [];
    gateway.kernel.answer = async ({ request, sink }) => {
      seen.push(request.wire({} as never).body.toString());
      sink.start({ status: 200, contentType: 'text/plain', headers: {} });
      sink.end();
    };
    const body = JSON.stringify({ model: 'ü', messages: [], pad: 'é€𝄞'.repeat(30_000) });
    await ask(gateway, '/v1/chat/completions', { body });
    await ask(gateway, '/v1/chat/completions', { body, headers: chunked });
    const socket = connect(gateway.port, '127.0.0.1');
    const over = new Promise((resolve) => socket.on('close', resolve));
    socket.resume();
    const small = Buffer.from(chatBody);
    socket.write(`POST /v1/messages HTTP/1.1\r\n${common}Content-Length: ${small.length}\r\n`);
    socket.write('Connection: close\r\n\r\n');
    for (const byte of small) {
      socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await over;
    expect(seen).toEqual([body, body, chatBody]);
  });

  test('a sender that goes on for long still gets to see the refusal', async () => {
    const gateway = await start();
    const bytes = 40 * MB;
    const socket = connect(gateway.port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const closed = new Promise((resolve) => socket.on('close', resolve));
    let broke: unknown;
    socket.on('error', (error) => (broke = error));
    socket.write(`POST /v1/chat/completions HTTP/1.1\r\n${common}Content-Length: ${bytes}\r\n\r\n`);
    const piece = Buffer.alloc(MB);
    for (let sent = 0; sent < bytes; sent += MB) {
      if (!socket.write(piece)) await new Promise((resolve) => socket.once('drain', resolve));
    }
    await closed;
    expect(broke).toBeUndefined();
    expect(text).toMatch(/^HTTP\/1.1 413 /);
    expect(text.match(/HTTP\/1.1/g)).toHaveLength(1);
  });

  test('a body that is larger than small and comes without a key closes the connection', async () => {
    const gateway = await start();
    const got = await ask(gateway, '/v1/chat/completions', { bare: true, body: bodyOf(MB) });
    expect([got.status, got.headers.connection]).toEqual([401, 'close']);
    const agent = new Agent({ keepAlive: true });
    const small = await ask(gateway, '/v1/messages', { bare: true, body: chatBody, agent });
    expect([small.status, small.headers.connection]).toEqual([401, 'keep-alive']);
    agent.destroy();
  });

  test('a go-ahead is given only to who will be read', async () => {
    const gateway = await start();
    const expecting = (length: number, key: string): Promise<string> =>
      raw(
        gateway.port,
        `POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${key}\r\nExpect: 100-continue\r\n` +
          `Content-Type: application/json\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n${chatBody}`,
      );
    expect(await expecting(chatBody.length, CLIENT_KEY)).toMatch(
      /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 /,
    );
    expect(await expecting(chatBody.length, 'wrong')).toMatch(/^HTTP\/1.1 401 /);
    expect(await expecting(99 * MB, CLIENT_KEY)).toMatch(/^HTTP\/1.1 413 /);
  });

  test('only JSON is taken', async () => {
    const gateway = await start();
    const status = async (type: string | undefined, coding?: string): Promise<number> => {
      const headers = {
        ...(type === undefined ? {} : { 'content-type': type }),
        ...(coding === undefined ? {} : { 'content-encoding': coding }),
        'x-api-key': CLIENT_KEY,
      };
      const text = await raw(
        gateway.port,
        `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n` +
          Object.entries(headers)
            .map(([name, value]) => `${name}: ${value}\r\n`)
            .join('') +
          `Content-Length: ${chatBody.length}\r\n\r\n${chatBody}`,
      );
      expect(text).toMatch(/HTTP\/1.1 200|CLIENT_UNSUPPORTED_MEDIA_TYPE/);
      return Number(text.slice(9, 12));
    };
    expect(await status('application/json')).toBe(200);
    expect(await status('Application/JSON ; charset=utf-8')).toBe(200);
    expect(await status('application/vnd.x+json')).toBe(200);
    expect(await status('application/json', 'identity')).toBe(200);
    for (const type of [
      undefined,
      '',
      'text/plain',
      'text/plain; application/json',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonp',
      'text/json',
    ]) {
      expect([type, await status(type)]).toEqual([type, 415]);
    }
    expect(await status('application/json', 'gzip')).toBe(415);
    expect(gateway.kernel.entered).toBe(4);
  });
});

describe('heads', () => {
  test('at the limit taken, past it 431 in JSON; the limit can change', async () => {
    const gateway = await start();
    const status = async (bytes: number): Promise<string> => {
      const head = `GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nx-pad: `;
      const text = await raw(gateway.port, `${head}${'x'.repeat(bytes - head.length)}\r\n\r\n`);
      return text.slice(9, 12);
    };
    expect(await status(16 * 1024 - 100)).toBe('200');
    expect(await status(16 * 1024 + 100)).toBe('431');
    gateway.server.update({ ...gateway.settings, headerLimitKb: 32 });
    expect(await status(32 * 1024 - 100)).toBe('200');
    expect(await status(32 * 1024 + 100)).toBe('431');

    const text = await raw(
      gateway.port,
      `POST /v1/messages HTTP/1.1\r\n${'x: y\r\n'.repeat(100_000)}\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1.1 431 [\s\S]*connection: close[\s\S]*CLIENT_HEADERS_TOO_LARGE/);
    expect(text).toMatch(/x-request-id: req_/);
  });

  test('no header is dropped for its number', async () => {
    const gateway = await start({ headerLimitKb: 64 });
    const many = 'a: b\r\n'.repeat(5000);
    const text = await raw(
      gateway.port,
      `GET /v1/models HTTP/1.1\r\nHost: localhost\r\n${many}Connection: close\r\nx-api-key: ${CLIENT_KEY}\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1.1 200/);
  });

  test('names that mean something to JavaScript mean nothing here', async () => {
    const gateway = await start();
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
      const text = await raw(
        gateway.port,
        `POST /v1/messages HTTP/1.1\r\n${common}${name}: polluted\r\n${name}: again\r\nConnection: close\r\n` +
          `Content-Length: ${chatBody.length}\r\n\r\n${chatBody}`,
      );
      expect(text).toMatch(/^HTTP\/1.1 200/);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
      expect((await ask(gateway, `/v1/models/${name}`)).status).toBe(404);
      expect((await ask(gateway, `/${name}`)).status).toBe(404);
    }
    expect(gateway.kernel.calls.map(({ headers }) => headers)).toEqual(Array(5).fill({}));
  });

  test('what is not HTTP gets a 400 in JSON, the connection closes, nobody is asked', async () => {
    const gateway = await start();
    const post = 'POST /v1/chat/completions HTTP/1.1\r\n';
    const corpus: Record<string, string> = {
      'length and chunked': `${post}${common}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      'chunked and length': `${post}${common}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`,
      'two lengths': `${post}${common}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x`,
      'list of lengths': `${post}${common}Content-Length: 2, 2\r\n\r\n{}`,
      'negative length': `${post}${common}Content-Length: -1\r\n\r\n{}`,
      'hex length': `${post}${common}Content-Length: 0x2\r\n\r\n{}`,
      'plus length': `${post}${common}Content-Length: +2\r\n\r\n{}`,
      'huge length': `${post}${common}Content-Length: 99999999999999999999\r\n\r\n{}`,
      'unknown coding': `${post}${common}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
      'coding after chunked': `${post}${common}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
      'bare LF': `POST /v1/chat/completions HTTP/1.1\nHost: localhost\nContent-Length: 2\n\n{}`,
      'bare CR': `${post}Host: localhost\rx-a: b\r\n\r\n`,
      'folded header': `${post}Host: localhost\r\nx-a: b\r\n folded: c\r\n\r\n`,
      'space before colon': `${post}Host : localhost\r\n\r\n`,
      'space in coding name': `${post}${common}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
      'NUL in value': `${post}${common}x-a: b\0c\r\n\r\n`,
      'NUL in name': `${post}${common}x\0a: b\r\n\r\n`,
      'NUL in target': `GET /\0 HTTP/1.1\r\n${common}\r\n`,
      'no version': `GET /livez\r\n\r\n`,
      'wrong version': `GET /livez HTTP/9.9\r\n${common}\r\n`,
      'HTTP/2 preface': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'TLS hello': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'bad chunk size': `${post}${common}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`,
      'bad chunk end': `${post}${common}Transfer-Encoding: chunked\r\n\r\n2\r\n{}x\r\n0\r\n\r\n`,
      'no name': `${post}${common}: b\r\n\r\n`,
      'unknown method': 'HELO localhost\r\n\r\n',
      garbage: '\r\r\r\x00\xff\xfe}}{{\r\n\r\n',
    };
    for (const [name, bytes] of Object.entries(corpus)) {
      const text = await raw(gateway.port, Buffer.from(bytes, 'latin1'));
      expect([name, text.slice(0, 12)]).toEqual([name, 'HTTP/1.1 400']);
      expect([name, text.match(/HTTP\/1\.1 \d{3}/g)?.length]).toEqual([name, 1]);
      expect(text).toMatch(/connection: close/i);
      expect(text).toContain('"CLIENT_BAD_REQUEST"');
    }
    expect(gateway.kernel.entered).toBe(0);
    expect((await ask(gateway, '/v1/models')).status).toBe(200);
  });

  test('garbage behind a request never gets the answer of that request', async () => {
    const gateway = await start();
    let finish: () => void = () => undefined;
    gateway.kernel.answer = ({ sink }) =>
      new Promise((resolve) => {
        finish = () => {
          sink.start({ status: 200, contentType: 'text/plain', headers: {} });
          sink.end();
          resolve();
        };
        sink.onClosed(resolve);
      });
    const text = await raw(
      gateway.port,
      `POST /v1/messages HTTP/1.1\r\n${common}Content-Length: ${chatBody.length}\r\n\r\n${chatBody}\0garbage\r\n\r\n`,
    );
    expect(text).toBe('');
    finish();
  });

  test('a hundred requests in one go are answered in order', async () => {
    const gateway = await start();
    gateway.kernel.answer = async ({ request, sink }) => {
      const { model } = request.facts;
      // The later ones are ready first.
      await new Promise((resolve) => setTimeout(resolve, 100 - Number(model)));
      sink.start({ status: 200, contentType: 'text/plain', headers: {} });
      sink.write(Buffer.from(`<${model}>`));
      sink.end();
    };
    const requests = Array.from({ length: 100 }, (_, n) => {
      const body = JSON.stringify({ model: String(n), messages: [] });
      const close = n === 99 ? 'Connection: close\r\n' : '';
      return `POST /v1/messages HTTP/1.1\r\n${common}${close}Content-Length: ${body.length}\r\n\r\n${body}`;
    });
    const text = await raw(gateway.port, requests.join(''));
    expect(text.match(/<\d+>/g)).toEqual(Array.from({ length: 100 }, (_, n) => `<${n}>`));
  });

  test('requests that wait for their turn end with their connection', async () => {
    const gateway = await start();
    let waiting = 0;
    gateway.kernel.answer = ({ sink }) =>
      new Promise((resolve) => {
        waiting += 1;
        sink.onClosed(() => {
          waiting -= 1;
          resolve();
        });
        sink.start({ status: 200, contentType: 'text/event-stream', headers: {} });
        sink.write(Buffer.from('data: 1\n\n'));
      });
    const one = `POST /v1/messages HTTP/1.1\r\n${common}Content-Length: ${chatBody.length}\r\n\r\n${chatBody}`;
    const socket = connect(gateway.port, '127.0.0.1', () => socket.write(one.repeat(20)));
    while (waiting < 20) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.destroy();
    while (waiting > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    // Would wait for ever for an answer that never closes.
    await gateway.server.close();
  });
});

describe('time', () => {
  test('slow heads and slow bodies are turned away with 408 and closed', async () => {
    const gateway = await start({ headersTimeoutMs: 200, requestTimeoutMs: 400 });
    const [silent, head, body, drip] = await Promise.all([
      raw(gateway.port, ''),
      raw(gateway.port, 'GET /livez HTTP/1.1\r\nHost: loc'),
      raw(
        gateway.port,
        `POST /v1/messages HTTP/1.1\r\n${common}Content-Length: 100\r\n\r\n{"model"`,
      ),
      raw(
        gateway.port,
        `POST /v1/chat/completions HTTP/1.1\r\n${common}Transfer-Encoding: chunked\r\n\r\n1\r\n{`,
      ),
    ]);
    for (const text of [silent, head, drip]) {
      expect(text).toMatch(/^HTTP\/1.1 408 [\s\S]*CLIENT_TIMEOUT/);
    }
    expect(body).toMatch(/^HTTP\/1.1 408 [\s\S]*"type":"error"/);
    expect(gateway.kernel.entered).toBe(0);
    expect(gateway.log.every(({ level }) => level === 'debug')).toBe(true);
  }, 20_000);

  test('an idle connection is closed after its time', async () => {
    const gateway = await start({ keepAliveMs: 100 });
    const text = await raw(gateway.port, 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1.1 200[\s\S]*connection: keep-alive/i);
  });
});
