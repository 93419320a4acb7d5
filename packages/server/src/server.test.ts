import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import type { IngressCall } from '@cliproxy/kernel';
import { ADMIN_KEY, CLIENT_KEY, ask, chatBody, fakeDialects, serverRig } from '../test/fixture.ts';
import type { Ask, RunningServer } from '../test/fixture.ts';
import { routeTable } from './index.ts';

const start = serverRig();
const admin: Ask = { bare: true, headers: { authorization: `Bearer ${ADMIN_KEY}` } };

/** Every route takes it: it has what each of them requires. */
const anyBody = JSON.stringify({
  model: 'm-1',
  messages: [],
  prompt: 'x',
  input: 'x',
  contents: [],
});

describe('routes', () => {
  test('every route of the table answers, with a request id', async () => {
    const gateway = await start();
    for (const route of routeTable) {
      const path = route.path.replace('{instance}', 'echo').replace(/\{\w+\}/, 'm-1');
      const query = route.path.endsWith('/explain') ? '?model=m-1' : '';
      const got = await ask(gateway, path + query, {
        method: route.method,
        ...(route.dialect !== undefined && route.method === 'POST' ? { body: anyBody } : {}),
        ...(['admin', 'ticket'].includes(route.access) ? admin : {}),
      });
      expect([path, got.status]).toEqual([path, 200]);
      expect(got.headers['x-request-id']).toMatch(/^req_[\w-]{16}$/);
      expect(route.summary).not.toBe('');
    }
  });

  test('models in OpenAI shape, one by one, with slashes, as they are and encoded', async () => {
    const gateway = await start();
    const list = await ask(gateway, '/v1/models');
    expect(list.json).toEqual({
      object: 'list',
      data: [
        { id: 'm-1', object: 'model', created: 0, owned_by: 'echo' },
        { id: 'moonshotai/kimi-k2', object: 'model', created: 0, owned_by: 'openrouter' },
        { id: 'ünïcode %41', object: 'model', created: 0, owned_by: 'echo' },
      ],
    });
    for (const path of ['moonshotai/kimi-k2', 'moonshotai%2Fkimi-k2', 'moonshotai%2fkimi%2Dk2']) {
      expect((await ask(gateway, `/v1/models/${path}`)).json).toMatchObject({
        id: 'moonshotai/kimi-k2',
      });
    }
    const encoded = encodeURIComponent('ünïcode %41');
    expect((await ask(gateway, `/v1/models/${encoded}`)).json).toMatchObject({ id: 'ünïcode %41' });
    const missing = await ask(gateway, '/v1/models/no/such');
    expect([missing.status, missing.json.error.code]).toEqual([404, 'ROUTE_MODEL_NOT_FOUND']);
    expect(missing.json.error.message).toContain('"no/such"');
    expect((await ask(gateway, '/v1/models/%E0%A4%A')).status).toBe(400);
  });

  test('models in Anthropic shape, page by page', async () => {
    const gateway = await start();
    const headers = { 'anthropic-version': '2023-06-01' };
    const all = await ask(gateway, '/v1/models', { headers });
    expect(all.json).toMatchObject({ has_more: false, first_id: 'm-1', last_id: 'ünïcode %41' });
    expect(all.json.data[0]).toEqual({
      type: 'model',
      id: 'm-1',
      display_name: 'One',
      created_at: '1970-01-01T00:00:00Z',
      max_input_tokens: 1000,
      max_tokens: 100,
    });
    const ids = async (query: string): Promise<unknown> => {
      const { json } = await ask(gateway, `/v1/models?${query}`, { headers });
      return [json.data.map((one: { id: string }) => one.id), json.has_more];
    };
    expect(await ids('limit=2')).toEqual([['m-1', 'moonshotai/kimi-k2'], true]);
    expect(await ids('limit=2&after_id=moonshotai/kimi-k2')).toEqual([['ünïcode %41'], false]);
    expect(await ids(`limit=1&before_id=${encodeURIComponent('ünïcode %41')}`)).toEqual([
      ['moonshotai/kimi-k2'],
      true,
    ]);
    expect(await ids('before_id=m-1')).toEqual([[], false]);
    const wrong = await ask(gateway, '/v1/models?limit=x', { headers });
    expect([wrong.status, wrong.json.type]).toEqual([400, 'error']);
    expect((await ask(gateway, '/v1/models?after_id=x', { headers })).status).toBe(400);
    const missing = await ask(gateway, '/v1/models/x', { headers });
    expect(missing.json).toMatchObject({ type: 'error', error: { type: 'not-found' } });
    expect(missing.headers['request-id']).toBe(missing.headers['x-request-id']);
    expect((await ask(gateway, '/v1/models/m-1', { headers })).json.type).toBe('model');
  });

  test('health: the state alone for anyone, in full with a key', async () => {
    const gateway = await start();
    expect((await ask(gateway, '/v1/health', { bare: true })).json).toEqual({ status: 'degraded' });
    gateway.clock.nowMs += 1500;
    const full = await ask(gateway, '/v1/health');
    expect(full.json).toMatchObject({
      status: 'degraded',
      ready: true,
      version: '9.8.7',
      uptimeMs: 1500,
      plugins: [{ instanceId: 'echo' }],
    });
    expect(full.json.process.rssBytes).toBeGreaterThan(1_000_000);
    const wrong = { bare: true, headers: { 'x-api-key': 'wrong' } };
    expect((await ask(gateway, '/v1/health', wrong)).status).toBe(401);
    expect((await ask(gateway, '/v1/health/deep', { bare: true })).status).toBe(401);
  });

  test('deep health stops probing when the client leaves', async () => {
    const gateway = await start();
    const probing = new Promise<AbortSignal>((resolve) => {
      gateway.kernel.probe = (signal) => {
        resolve(signal);
        return new Promise((done) => signal.addEventListener('abort', () => done()));
      };
    });
    const headers = { authorization: `Bearer ${CLIENT_KEY}` };
    const req = request({ port: gateway.port, path: '/v1/health/deep', headers });
    req.on('error', () => undefined).end();
    const signal = await probing;
    expect(signal.aborted).toBe(false);
    req.destroy();
    await once(signal, 'abort');
  });

  test('readiness follows the kernel', async () => {
    const gateway = await start();
    expect((await ask(gateway, '/readyz', { bare: true })).json).toEqual({ status: 'ready' });
    gateway.kernel.ready = false;
    const not = await ask(gateway, '/readyz', { bare: true });
    expect([not.status, not.headers['retry-after']]).toEqual([503, '1']);
    expect((await ask(gateway, '/livez', { bare: true })).status).toBe(200);
  });

  test('explain passes model and dialect on, and says what is missing', async () => {
    const gateway = await start();
    const got = await ask(
      gateway,
      '/v1/routes/explain?model=a%2Fb&dialect=anthropic-messages',
      admin,
    );
    expect(got.json).toEqual({ explained: 'a/b', dialect: 'anthropic-messages' });
    expect((await ask(gateway, '/v1/routes/explain', admin)).json.error.message).toContain(
      '?model=',
    );
    const odd = await ask(gateway, '/v1/routes/explain?model=a&dialect=x', admin);
    expect([odd.status, odd.json.error.message]).toEqual([
      400,
      expect.stringContaining('openai-chat'),
    ]);
  });

  test('the root says what this is; HEAD has no body anywhere', async () => {
    const gateway = await start();
    expect((await ask(gateway, '/', { bare: true })).json).toEqual({
      name: 'cliproxy',
      version: '9.8.7',
      docs: 'docs/API.md',
    });
    for (const path of ['/', '/v1/models', '/livez']) {
      const head = await ask(gateway, path, { method: 'HEAD' });
      expect([path, head.status, head.text]).toEqual([path, 200, '']);
      expect(Number(head.headers['content-length'])).toBeGreaterThan(0);
    }
    expect((await ask(gateway, '/v1/messages', { method: 'HEAD' })).status).toBe(405);
  });

  test('what the gateway can not do yet is not there', async () => {
    const gateway = await start();
    for (const path of ['/v1/images/generations', '/v1/realtime/sessions']) {
      const got = await ask(gateway, path, { body: chatBody });
      expect([path, got.status]).toEqual([path, 404]);
      expect(got.json.error.message).toContain(`there is no path "${path}"`);
    }
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
    expect((await ask(gateway, '/v1/ws')).status).toBe(404);
    expect((await ask(gateway, '/v1/ws', { headers: upgrade })).status).toBe(404);
    const got = await ask(gateway, '/v1/routes/explain?model=a&dialect=french', admin);
    expect([got.status, got.json.error.code]).toEqual([400, 'CLIENT_BAD_REQUEST']);
    expect(got.json.error.message).toContain('is not one of openai-chat, openai-responses');
    expect(gateway.kernel.entered).toBe(0);
  });

  test('404 and 405 are JSON in the shape of the path, and helpful', async () => {
    const gateway = await start();
    const lost = await ask(gateway, '/chat/completions?key=sesame', { bare: true });
    expect([lost.status, lost.json.error.code]).toEqual([404, 'CLIENT_NOT_FOUND']);
    expect(lost.json.error.message).toContain('/v1/chat/completions');
    expect(lost.text).not.toContain('sesame');
    expect((await ask(gateway, '/v1/v1/messages', { body: '{}' })).json.error.message).toContain(
      'did you mean /v1/messages',
    );
    const plain = await ask(gateway, '/nowhere');
    expect(plain.json.error.message).toContain('docs/API.md');
    const wrong = await ask(gateway, '/v1/messages', { method: 'DELETE' });
    expect([wrong.status, wrong.headers.allow]).toEqual([405, 'POST, OPTIONS']);
    expect(wrong.json).toMatchObject({ type: 'error' });
    const list = await ask(gateway, '/v1/models', { body: '{}' });
    expect([list.status, list.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
    for (const odd of [
      '/v1/models/',
      '//v1/models',
      '/v1\\models',
      '/%',
      '/%ff',
      '/v1/models%00',
    ]) {
      const got = await ask(gateway, odd);
      expect([odd, got.status >= 400 && got.status < 500]).toEqual([odd, true]);
      expect(got.json.error.code).toMatch(/^(CLIENT|ROUTE)_/);
    }
  });

  test('OPTIONS says what a path takes, without a word to other origins', async () => {
    const gateway = await start();
    const got = await ask(gateway, '/v1/chat/completions', { method: 'OPTIONS', bare: true });
    expect([got.status, got.text, got.headers.allow]).toEqual([204, '', 'POST, OPTIONS']);
    expect(Object.keys(got.headers).filter((name) => name.startsWith('access-control'))).toEqual(
      [],
    );
    expect((await ask(gateway, '/nowhere', { method: 'OPTIONS' })).status).toBe(404);
    expect((await ask(gateway, '*', { method: 'OPTIONS' })).status).toBe(204);
  });

  test('a request id of the client is kept where it is harmless', async () => {
    const gateway = await start();
    const given = async (id: string): Promise<unknown> =>
      (await ask(gateway, '/livez', { headers: { 'x-request-id': id } })).headers['x-request-id'];
    expect(await given('my.id_1-2')).toBe('my.id_1-2');
    expect(await given('x'.repeat(128))).toBe('x'.repeat(128));
    for (const odd of ['x'.repeat(129), 'a b', 'a/b', '{}']) {
      expect(await given(odd)).toMatch(/^req_/);
    }
    const ids = new Set<unknown>();
    for (let n = 0; n < 600; n += 1) {
      ids.add((await ask(gateway, '/livez', { bare: true })).headers['x-request-id']);
    }
    expect(ids.size).toBe(600);
  });
});

describe('errors', () => {
  test('what is not ours is told by its id alone, and logged once with its cause', async () => {
    const gateway = await start();
    const fault = new Error('SECRET detail');
    gateway.kernel.models = () => {
      throw fault;
    };
    const got = await ask(gateway, '/v1/models?key=sesame');
    expect([got.status, got.json.error.code]).toEqual([500, 'KERNEL_INTERNAL']);
    expect(got.text).not.toContain('SECRET');
    expect(gateway.log).toEqual([
      {
        level: 'error',
        message: expect.any(String),
        fields: {
          requestId: got.headers['x-request-id'],
          method: 'GET',
          path: '/v1/models',
          code: 'KERNEL_INTERNAL',
          cause: fault,
        },
      },
    ]);
  });

  test('a dialect that fails itself still leaves the client an answer', async () => {
    const gateway = await start(
      {},
      {
        ...fakeDialects,
        error: () => {
          throw new Error('broken');
        },
      },
    );
    const got = await ask(gateway, '/nowhere');
    expect([got.status, got.json.error.code]).toEqual([404, 'CLIENT_NOT_FOUND']);
    expect(gateway.log.map(({ level }) => level)).toContain('error');
  });
});

describe('life', () => {
  test('an address in use, or not ours, is named with the remedy', async () => {
    const gateway = await start();
    await expect(start({ port: gateway.port })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(`127.0.0.1 port ${gateway.port} is in use.*server.port`),
    });
    await expect(start({ host: '192.0.2.1' })).rejects.toMatchObject({
      message: expect.stringContaining('no address of this machine'),
    });
    await expect(start({ host: 'no-such-name.invalid' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  test('a bind that others reach needs a client key', async () => {
    for (const host of ['0.0.0.0', '::', '192.168.7.7']) {
      await expect(start({ host, apiKeys: [] })).rejects.toMatchObject({ code: 'CONFIG_UNSAFE' });
      await expect(start({ host, apiKeys: [''] })).rejects.toMatchObject({ code: 'CONFIG_UNSAFE' });
    }
    const open = await start({ host: '0.0.0.0' });
    expect(open.url).toBe(`http://127.0.0.1:${open.port}`);
    expect(() => open.server.update({ ...open.settings, apiKeys: [] })).toThrow('apiKeys');
    expect((await ask(open, '/v1/models')).status).toBe(200);
    expect((await ask(open, '/v1/models', { bare: true })).status).toBe(401);
    const six = await start({ host: '::1' });
    expect(six.url).toBe(`http://[::1]:${six.port}`);
  });

  test('new settings work at once; those that cannot are named', async () => {
    const gateway = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await ask(gateway, '/v1/models', { agent })).status).toBe(200);
    const changed = { ...gateway.settings, apiKeys: ['another-key-of-some-length'] };
    expect(gateway.server.update(changed)).toEqual({ needsRestart: [] });
    expect((await ask(gateway, '/v1/models', { agent })).status).toBe(401);
    const headers = { 'x-api-key': 'another-key-of-some-length' };
    expect((await ask(gateway, '/v1/models', { bare: true, headers })).status).toBe(200);
    expect(gateway.server.update({ ...changed, host: '::1', port: 1 })).toEqual({
      needsRestart: ['server.host', 'server.port'],
    });
    expect((await ask(gateway, '/v1/models', { bare: true, headers })).status).toBe(200);
    agent.destroy();
  });

  /** Answers with a stream that the test goes on with. */
  const openStream = (gateway: RunningServer): Promise<IngressCall['sink']> =>
    new Promise((resolve) => {
      gateway.kernel.answer = ({ sink }) =>
        new Promise((over) => {
          sink.start({ status: 200, contentType: 'text/event-stream', headers: {} });
          sink.write(Buffer.from('data: 1\n\n'));
          const watched: IngressCall['sink'] = {
            start: (head) => sink.start(head),
            write: (bytes) => sink.write(bytes),
            onDrain: (resume) => sink.onDrain(resume),
            onClosed: (left) => sink.onClosed(left),
            end: () => {
              sink.end();
              over();
            },
            cut: () => {
              sink.cut();
              over();
            },
          };
          sink.onClosed(over);
          resolve(watched);
        });
    });

  test('draining: streams go on, nobody new comes in, readiness is red', async () => {
    const gateway = await start();
    const streaming = openStream(gateway);
    const stream = ask(gateway, '/v1/chat/completions', { body: chatBody });
    const sink = await streaming;
    // Connections without a request, between two, within a head, and with an answer under way.
    const silent = connect(gateway.port, '127.0.0.1');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await ask(gateway, '/livez', { agent });
    const half = connect(gateway.port, '127.0.0.1');
    const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${CLIENT_KEY}\r\n`;
    half.write(head);
    const told = new Promise<string>((resolve) => {
      let text = '';
      half.on('data', (chunk: Buffer) => (text += chunk.toString()));
      half.on('close', () => resolve(text));
      half.on('error', () => undefined);
    });
    const held = new Promise<() => void>((resolve) => {
      gateway.kernel.probe = () => new Promise((done) => resolve(done));
    });
    const before = ask(gateway, '/v1/health/deep');
    const finishProbe = await held;

    let over = false;
    const drained = gateway.server.drain(60_000).then(() => (over = true));
    half.write(`content-type: application/json\r\ncontent-length: 2\r\n\r\n{}`);
    const refused = await told;
    expect(refused).toMatch(/^HTTP\/1.1 503 /);
    expect(refused).toMatch(/connection: close/i);
    expect(refused).toMatch(/retry-after: 1/i);
    expect(refused).toContain('KERNEL_STOPPING');
    finishProbe();
    expect(await before).toMatchObject({
      status: 200,
      headers: { connection: 'close' },
      json: { ready: false },
    });
    await expect(ask(gateway, '/readyz', { agent })).rejects.toMatchObject({
      code: expect.stringMatching(/ECONNREFUSED|ECONNRESET/),
    });
    expect(over).toBe(false);
    sink.write(Buffer.from('data: 2\n\n'));
    sink.end();
    expect((await stream).text).toBe('data: 1\n\ndata: 2\n\n');
    await drained;
    agent.destroy();
    silent.destroy();
  });

  test('at the deadline the kernel may say last words, then everything is closed', async () => {
    const gateway = await start();
    const streaming = openStream(gateway);
    const stream = ask(gateway, '/v1/chat/completions', { body: chatBody });
    const sink = await streaming;
    await gateway.server.drain(20, async () => {
      sink.write(Buffer.from('data: {"error":{}}\n\n'));
      sink.end();
    });
    expect((await stream).text).toBe('data: 1\n\ndata: {"error":{}}\n\n');
  });

  test('a stream that outlives the deadline is cut, never ended', async () => {
    const gateway = await start();
    const streaming = openStream(gateway);
    const stream = ask(gateway, '/v1/chat/completions', { body: chatBody });
    await streaming;
    await gateway.server.drain(20);
    await expect(stream).rejects.toThrow('aborted');
  });

  test('readiness is red for who is already connected', async () => {
    const gateway = await start();
    const streaming = openStream(gateway);
    const socket = connect(gateway.port, '127.0.0.1');
    const all = new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.on('close', () => resolve(text));
    });
    const stream = ask(gateway, '/v1/chat/completions', { body: chatBody });
    const sink = await streaming;
    socket.write('GET /readyz HTTP/1.1\r\nHost: localhost\r\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const drained = gateway.server.drain(60_000);
    socket.write('\r\n');
    expect(await all).toMatch(/^HTTP\/1.1 503 [\s\S]*KERNEL_STOPPING/);
    sink.end();
    await stream;
    await drained;
  });
});
