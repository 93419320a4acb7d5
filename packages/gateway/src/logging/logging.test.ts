import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KernelEvent } from '@cliproxy/kernel';
import { secret } from '@cliproxy/plugin-api';
import fc from 'fast-check';
import { createLogging } from './create-logging.ts';
import type { LoggingOptions } from './create-logging.ts';
import { LogFile } from './log-file.ts';
import type { LogFiles } from './log-file.ts';
import { logEvents } from './log-events.ts';

const KEY = 'canary-0123456789';

function collect(options: Partial<LoggingOptions> = {}) {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const logging = createLogging({ level: 'debug', format: 'json', stream, ...options });
  return {
    logging,
    log: logging.logger('plugin'),
    text: () => text,
    lines: () => text.split('\n').slice(0, -1),
    records: (): Record<string, unknown>[] =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
  };
}

const finished: KernelEvent = {
  type: 'request-finished',
  requestId: 'req-1',
  dialect: 'openai-chat',
  operation: 'generate',
  model: 'm-1',
  stream: true,
  client: '***cdef',
  outcome: 'answered',
  status: 200,
  passthrough: true,
  attempts: [
    {
      instanceId: 'a',
      account: 'a/1',
      accountLabel: '***6789',
      model: 'up-1',
      startedMs: 0.4,
      durationMs: 10.4,
      status: 200,
      outcome: 'answered',
      upstreamRequestId: 'up-req',
    },
  ],
  durationMs: 12.6,
  firstTokenMs: 3.2,
  usage: { inputTokens: 3, outputTokens: 4 },
  finish: 'stop',
  ignored: ['seed'],
};
const failed: KernelEvent = {
  ...finished,
  outcome: 'failed',
  status: 502,
  code: 'UPSTREAM_FAILED',
  attempts: [
    {
      ...finished.attempts[0]!,
      outcome: 'failed',
      failure: 'upstream',
      code: 'UPSTREAM_FAILED',
      reason: 'the upstream says \u001b[2Joops',
    },
  ],
};
const cooling: KernelEvent = {
  type: 'account-changed',
  instanceId: 'a',
  account: 'a/1',
  accountLabel: '***6789',
  state: 'cooling',
  reason: 'rate-limit',
  untilMs: 1_700_000_000_000,
};
const broken: KernelEvent = {
  type: 'plugin-changed',
  instanceId: 'a',
  state: 'failed',
  reason: 'setup threw',
};

const kinds: readonly (readonly [string, KernelEvent, string, object])[] = [
  [
    'an answered request',
    finished,
    'info',
    {
      name: 'request',
      message: 'm-1 200 answered by a (***6789) in 13 ms',
      id: 'req-1',
      dialect: 'openai-chat',
      status: 200,
      instance: 'a',
      account: '***6789',
      durationMs: 13,
      firstTokenMs: 3,
      inputTokens: 3,
      outputTokens: 4,
      finish: 'stop',
      ignored: ['seed'],
      upstreamRequestId: 'up-req',
    },
  ],
  [
    'a failed request',
    failed,
    'warn',
    {
      message: 'm-1 502 failed by a (***6789) in 13 ms UPSTREAM_FAILED',
      code: 'UPSTREAM_FAILED',
      attempts: [{ instance: 'a', model: 'up-1', outcome: 'failed', failure: 'upstream' }],
    },
  ],
  ['a broken answer', { ...failed, outcome: 'broken' }, 'warn', { outcome: 'broken' }],
  ['a client that left', { ...finished, outcome: 'client-left', status: 499 }, 'info', {}],
  [
    'a request that reached nobody',
    { ...finished, attempts: [], status: 404, outcome: 'failed', code: 'ROUTE_MODEL_NOT_FOUND' },
    'warn',
    { message: 'm-1 404 failed in 13 ms ROUTE_MODEL_NOT_FOUND', attempts: [] },
  ],
  [
    'an account that cools',
    cooling,
    'warn',
    {
      name: 'kernel',
      message: 'account a/1 is cooling',
      instance: 'a',
      reason: 'rate-limit',
      until: '2023-11-14T22:13:20.000Z',
    },
  ],
  ['an account on trial', { ...cooling, state: 'trial' }, 'info', {}],
  ['an account that is back', { ...cooling, state: 'usable' }, 'info', {}],
  ['a refused key', { ...cooling, state: 'invalid-key' }, 'warn', {}],
  ['a failed plugin', broken, 'error', { instance: 'a', reason: 'setup threw' }],
  ['a plugin without login', { ...broken, state: 'needs-login' }, 'warn', {}],
  ['a ready plugin', { ...broken, state: 'ready' }, 'info', { message: 'plugin a is ready' }],
];

describe('what the kernel tells', () => {
  test.each(kinds)('%s, as JSON and for a terminal', (_name, event, level, fields) => {
    const json = collect();
    logEvents(json.logging).emit(event);
    expect(json.records()).toHaveLength(1);
    expect(json.records()[0]).toMatchObject({ level, ...fields });

    const pretty = collect({ format: 'pretty' });
    logEvents(pretty.logging).emit(event);
    expect(pretty.lines()).toHaveLength(1);
    expect(pretty.text()).toContain(level);
    const { message } = json.records()[0]!;
    expect(pretty.text()).toContain(String(message));
    // Only the colours of our own.
    expect(pretty.text().replaceAll(/\u001B\[\d+m/gu, '')).not.toContain('\u001B');
  });

  test('names that clients and upstreams make up are shortened', () => {
    const { logging, text } = collect();
    const ignored = Array.from({ length: 1000 }, () => 'x'.repeat(1000));
    logEvents(logging).emit({ ...finished, model: 'm'.repeat(1_000_000), ignored });
    expect(text().length).toBeLessThan(10_000);
  });
});

describe('what is printed', () => {
  test('any text makes one JSON line that says the same and moves no cursor', () => {
    const { log, text } = collect();
    let before = 0;
    const anything = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({ unit: fc.integer({ min: 0, max: 0xff }).map((c) => String.fromCharCode(c)) }),
      fc.constantFrom(
        '\u001b[2J\u001b]0;x\u0007',
        '\u009b31m',
        '\r\n{"level":"error"}\n',
        '\u202E',
      ),
    );
    fc.assert(
      fc.property(anything, anything, (message, value) => {
        log.info(message, { value });
        const line = text().slice(before);
        before = text().length;
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/u);
        expect(JSON.parse(line)).toMatchObject({ level: 'info', name: 'plugin', message, value });
      }),
      { numRuns: 1000 },
    );
  });

  test('for a terminal, a text of several lines is set in and its sequences are shown', () => {
    const { log, text } = collect({ format: 'pretty' });
    log.warn('one\n12:00:00 error kernel: forged', { value: '\u001b[2J\u009b1m\u202e\u0007' });
    const [first, ...others] = text().trimEnd().split('\n');
    expect(first).toContain('one');
    expect(others).toHaveLength(1);
    expect(others[0]).toMatch(/^ {8}12:00:00 error/u);
    expect(others[0]).toContain('\\u001b[2J\\u009b1m\\u202e\\u0007');
    log.error('bad', { error: new Error('of the plugin') });
    expect(text()).toContain('error=Error: of the plugin\n            at ');
  });

  test("a record's own fields can't pass for the line's", () => {
    const { log, records } = collect();
    log.info('real', { level: 'error', name: 'kernel', time: 'x', message: 'forged', other: 1 });
    expect(records()[0]).toMatchObject({
      level: 'info',
      name: 'plugin',
      message: 'real',
      'field.level': 'error',
      'field.name': 'kernel',
      other: 1,
    });
  });

  test('whatever a plugin hands over, the log neither throws nor swells', () => {
    const { log, records, text } = collect();
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const wide = (depth: number): object =>
      depth === 0
        ? {}
        : Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, wide(depth - 1)]));
    const odd: object[] = [
      circle,
      wide(3),
      { big: 10n, fn: () => 1, sym: Symbol('x'), nan: NaN, nothing: undefined },
      { text: 'x'.repeat(1_000_000) },
      { list: Array.from({ length: 100_000 }, (_, i) => i) },
      { map: new Map([['token', KEY]]), set: new Set(['a']), bytes: Buffer.from(KEY) },
      {
        toJSON() {
          throw new Error('no');
        },
        get boom(): string {
          throw new Error('no');
        },
      },
      JSON.parse('{"__proto__":{"password":"canary-9876543210"}}') as object,
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('no');
          },
        },
      ),
      new Error('instead of fields'),
    ];
    for (const fields of odd) log.info('odd', fields);
    log.info('x'.repeat(1_000_000));
    expect(records()).toHaveLength(odd.length + 1);
    expect(text().length).toBeLessThan(100_000);
    expect(text()).not.toContain('canary-9');
    expect(text()).not.toContain(KEY);
    expect(records()[9]).toMatchObject({ error: { message: 'instead of fields' } });
  });
});

describe('secrets', () => {
  const withCause = Object.assign(new Error(`no: ${KEY}`, { cause: new Error(KEY) }), {
    code: KEY,
  });
  const hidden: readonly (readonly [string, object])[] = [
    ['a text', { text: `the key ${KEY} is bad` }],
    ['nested', { a: { b: [{ c: [`x${KEY}y`] }] } }],
    ['the name of a field', { [KEY]: 1 }],
    ['an error with a cause', { error: withCause }],
    ['several errors', { error: new AggregateError([withCause], KEY) }],
    ['what toJSON gives', { value: { toJSON: () => ({ deep: KEY }) } }],
    ['an address', { url: new URL(`http://h/?a=${KEY}`) }],
    ['a text in JSON in JSON', { body: JSON.stringify({ body: JSON.stringify({ key: KEY }) }) }],
    ['at the edge of what is cut', { text: `${'x'.repeat(8185)}${KEY}` }],
  ];
  test.each(hidden)('by value: %s', (_name, fields) => {
    for (const format of ['json', 'pretty'] as const) {
      const { logging, log, text } = collect({ format });
      logging.secrets.add(KEY);
      log.info(`message ${KEY}`, fields);
      logging.plain.write('info', 'request', `message ${KEY}`, { reason: KEY });
      expect(text()).not.toMatch(/canary|23456/u);
      expect(text()).toContain('***');
    }
  });

  test.each([
    ['quotes and backslashes', 'can"ary\\0123456789'],
    ['what URLs escape', 'canary/01+23 45=67:89'],
    ['lines', 'canary\n0123456789\u00e9\u0001'],
    ['half a surrogate pair', 'canary\ud8000123456789'],
    ['grammar of the line', '","message":"'],
  ])('by value: a secret with %s, in JSON and in URLs', (_name, value) => {
    for (const format of ['json', 'pretty'] as const) {
      const { logging, log, text, records } = collect({ format });
      logging.secrets.add(value);
      log.info(`<${value}>`, {
        body: JSON.stringify({ error: value }),
        url: `http://h/?a=${encodeURIComponent(Buffer.from(value).toString())}`,
        lower: encodeURIComponent(Buffer.from(value).toString()).toLowerCase(),
        form: new URLSearchParams({ a: value }).toString(),
      });
      if (format === 'json') {
        expect(records()[0]).toMatchObject({
          message: '<***>',
          body: '{"error":"***"}',
          url: 'http://h/?a=***',
          form: 'a=***',
        });
      } else expect(text()).not.toContain('canary');
    }
  });

  test('a secret of digits leaves JSON, one within another leaves nothing', () => {
    const { logging, log, text, records } = collect();
    for (const value of ['12345678', 'canary-01234', 'canary-0123456789', 'ary-0123']) {
      logging.secrets.add(value);
    }
    log.info('x', { until: 1_234_567_890_123, key: 'canary-0123456789', other: 17 });
    expect(records()[0]).toMatchObject({ until: '***', key: '***', other: 17 });
    expect(text()).not.toContain('6789');
  });

  test.each([
    ...['authorization', 'Authorization', 'proxy-authorization', 'cookie', 'Set-Cookie'],
    ...['x-api-key', 'x-goog-api-key', 'apiKey', 'api_keys', 'adminKeys', 'client_secret'],
    ...['password', 'refreshToken', 'access_token', 'id_token', 'token', 'relayTokens'],
    ...['credentials', 'privateKey', 'sessionToken'],
  ])('by name: %s', (name) => {
    const { log, text } = collect();
    log.info('x', { [name]: 'canary-unknown', deep: [{ [name]: { a: ['canary-unknown'] } }] });
    expect(text()).not.toContain('canary');
  });

  test('numbers of tokens and ordinary names are not masked', () => {
    const { log, records } = collect();
    const fields = { inputTokens: 1, maxTokens: 2, key: 'a', model: 'm', tokens: 3 };
    log.info('x', fields);
    expect(records()[0]).toMatchObject(fields);
  });

  test('Secret objects, bearer headers, ?key= and users in addresses', () => {
    const { log, text, records } = collect();
    log.info('x', {
      value: secret('canary-1'),
      header: 'Authorization: Bearer canary-0123.x~y',
      url: 'http://h/p?a=1&key=canary-2&b=2',
      base: 'https://user:canary-3@host/v1',
      mail: 'somebody@example.org',
    });
    expect(text()).not.toContain('canary');
    expect(records()[0]).toMatchObject({
      value: '***',
      header: 'Authorization: Bearer ***',
      url: 'http://h/p?a=1&key=***&b=2',
      base: 'https://***@host/v1',
      mail: 'somebody@example.org',
    });
  });

  test('values too short to be secrets mask nothing', () => {
    const { logging, log, records } = collect();
    logging.secrets.add('abc');
    log.info('abc');
    expect(records()[0]).toMatchObject({ message: 'abc' });
  });
});

test('the level can be changed while running', () => {
  const { logging, log, records } = collect({ level: 'warn' });
  for (const level of ['warn', 'debug', 'error'] as const) {
    logging.setLevel(level);
    log.debug('d');
    log.info('i');
    log.warn('w');
    log.error('e');
    logging.plain.write('info', 'request', 'p', {});
  }
  const written = records().map(({ message }) => message);
  expect(written.join('')).toBe('we' + 'diwep' + 'e');
});

describe('files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'cliproxy-log-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('JSON besides the stream, for the owner alone; close flushes both', async () => {
    const file = path.join(folder, 'deep', 'a.log');
    const { logging, log, lines } = collect({ file, format: 'pretty' });
    logging.secrets.add(KEY);
    for (let index = 0; index < 2000; index += 1) log.info(`line ${index} ${KEY}`);
    await Promise.all([logging.close(), logging.close()]);
    const written = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(written).toHaveLength(2000);
    expect(lines()).toHaveLength(2000);
    expect(JSON.parse(written[1999]!)).toMatchObject({ message: 'line 1999 ***' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    log.info('too late');
    expect(lines()).toHaveLength(2000);
  });

  test('what is said once per request keeps its place among the rest, and ends with it', async () => {
    const file = path.join(folder, 'a.log');
    const { logging, log, lines } = collect({ file, format: 'pretty', level: 'info' });
    logging.secrets.add(KEY);
    for (let index = 0; index < 500; index += 1) {
      log.info(`rest ${index}`);
      logging.plain.write('info', 'request', `plain ${index}`, { key: KEY });
    }
    logging.setLevel('warn');
    logging.plain.write('info', 'request', 'too quiet', {});
    await logging.close();
    logging.plain.write('warn', 'request', 'too late', {});
    const written = readFileSync(file, 'utf8').trimEnd().split('\n');
    const wanted = Array.from({ length: 500 }, (_, n) => [`rest ${n}`, `plain ${n}`]).flat();
    expect(written.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(
      wanted,
    );
    expect(written.at(-1)).toContain('"key":"***"');
    expect(lines()).toHaveLength(1000);
    expect(lines().at(-1)).toMatch(/request: plain 499 {2}key=\*\*\*$/u);
  });

  test('an existing file is continued, and closed to others', async () => {
    const file = path.join(folder, 'a.log');
    writeFileSync(file, 'before\n', { mode: 0o644 });
    const { logging, log } = collect({ file });
    log.info('after');
    await logging.close();
    expect(readFileSync(file, 'utf8')).toMatch(/^before\n\{.*after.*\}\n$/u);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('a new file is begun at the limit, the oldest is dropped', async () => {
    const file = path.join(folder, 'a.log');
    const stream = new LogFile(file, { maxBytes: 10, maxFiles: 3 });
    for (const text of ['1111111111\n', '2222222222\n', '3333333333\n', '4444444444\n', '5\n']) {
      await new Promise<void>((resolve) => stream.write(text, () => resolve()));
      // One batch each, as slow writers have it.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await new Promise<void>((resolve) => stream.end(resolve));
    const read = (name: string) => readFileSync(`${file}${name}`, 'utf8');
    expect([read(''), read('.1'), read('.2')]).toEqual(['5\n', '4444444444\n', '3333333333\n']);
    expect(() => read('.3')).toThrow('ENOENT');
    expect(statSync(`${file}.1`).mode & 0o777).toBe(0o600);
  });

  test('no place for the file: the stream goes on', async () => {
    const blocked = path.join(folder, 'not-a-folder');
    writeFileSync(blocked, '');
    const { logging, log, lines } = collect({ file: path.join(blocked, 'a.log') });
    for (let index = 0; index < 100; index += 1) log.info('x');
    await logging.close();
    expect(lines()).toHaveLength(100);
  });

  test('a full disk costs lines, which are counted once there is room', async () => {
    const file = path.join(folder, 'a.log');
    let full = true;
    const { promises } = await import('node:fs');
    const files: LogFiles = {
      mkdir: promises.mkdir,
      rename: promises.rename,
      open: async (...args: Parameters<typeof promises.open>) => {
        const handle = await promises.open(...args);
        const append = handle.appendFile.bind(handle);
        handle.appendFile = async (...data) => {
          if (!full) return append(...data);
          await append('{"half":');
          throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
        };
        return handle;
      },
    };
    const stream = new LogFile(file, { files });
    const errors: unknown[] = [];
    stream.on('error', (error) => errors.push(error));
    stream.write('{"n":1}\n');
    stream.write('{"n":2}\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    full = false;
    stream.write('{"n":3}\n');
    await new Promise<void>((resolve) => stream.end(resolve));
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines.at(-1)).toBe('{"n":3}');
    expect(JSON.parse(lines.at(-2)!)).toMatchObject({
      level: 'error',
      message: '2 log lines could not be written to this file',
    });
    expect(errors).toEqual([]);
  });

  test('a full file that can not be put aside does not grow', async () => {
    const file = path.join(folder, 'a.log');
    const { promises } = await import('node:fs');
    const files: LogFiles = { ...promises, rename: () => Promise.reject(new Error('not here')) };
    const stream = new LogFile(file, { files, maxBytes: 10 });
    for (let index = 0; index < 5; index += 1) {
      await new Promise<void>((resolve) => stream.write('12345678\n', () => resolve()));
    }
    await stream.finish();
    expect(statSync(file).size).toBe(9);
  });

  test('a disk that hangs costs lines, not memory', () => {
    const files = { mkdir: () => new Promise(() => undefined) } as unknown as LogFiles;
    const stream = new LogFile(path.join(folder, 'a.log'), { files });
    const line = Buffer.alloc(64 * 1024, 'x');
    for (let index = 0; index < 1000; index += 1) stream.write(line);
    expect(stream.writableLength).toBeLessThan(1024 * 1024);
  });
});

describe('a stream that fails', () => {
  test('costs lines, not the process', async () => {
    const stream = new Writable({
      write(_chunk, _encoding, done) {
        done(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));
      },
    });
    const folder = mkdtempSync(path.join(os.tmpdir(), 'cliproxy-log-'));
    const file = path.join(folder, 'a.log');
    const { logging, log } = collect({ stream, file });
    log.info('one');
    await new Promise((resolve) => setTimeout(resolve, 20));
    log.info('two');
    await logging.close();
    // The other way goes on.
    expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(2);
    rmSync(folder, { recursive: true });
  });

  test('close waits for a slow one', async () => {
    let written = 0;
    const stream = new Writable({
      write(_chunk, _encoding, done) {
        setTimeout(() => {
          written += 1;
          done();
        }, 5);
      },
    });
    const { logging, log } = collect({ stream });
    for (let index = 0; index < 10; index += 1) log.info('x');
    await logging.close();
    expect(written).toBeGreaterThanOrEqual(10);
  });
});
