import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ConfigError } from './config-error.ts';
import type { Env } from './expand-env.ts';
import { loadConfig, parseConfig } from './load-config.ts';
import type { LoadedConfig } from './load-config.ts';
import { printConfig } from './print-config.ts';
import { createSchemaChecker } from './schema-checker.ts';

const checker = createSchemaChecker();
const parse = (text: string, env: Env = {}): LoadedConfig =>
  parseConfig({ text, file: 'config.yaml', env, checker });

function failure(text: string, env: Env = {}): ConfigError {
  try {
    parse(text, env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('expected a ConfigError');
}

const lines = (text: string, env: Env = {}): string[] => failure(text, env).message.split('\n');

describe('a good file', () => {
  test('gets every default', () => {
    const { settings } = parse('plugins: { echo: {} }');
    expect(settings.server).toEqual({
      host: '127.0.0.1',
      port: 8317,
      apiKeys: [],
      adminKeys: [],
      bodyLimitMb: 32,
      headerLimitKb: 16,
      allowedHosts: [],
      allowedOrigins: [],
      drainMs: 30_000,
      keepAliveMs: 65_000,
      headersTimeoutMs: 5000,
      requestTimeoutMs: 15_000,
      maxSockets: 256,
      socketPingMs: 30_000,
      strictParameters: false,
      keepItemsMb: 32,
    });
    expect(settings.log).toEqual({ level: 'info', format: 'auto' });
    expect(settings.kernel).toEqual({
      baseDir: process.cwd(),
      plugins: [
        {
          instanceId: 'echo',
          package: '@cliproxy/plugin-echo',
          enabled: true,
          required: true,
          config: {},
          problems: [],
        },
      ],
      routes: [],
      aliases: {},
      timeouts: {
        connectMs: 5000,
        firstByteMs: 600_000,
        idleMs: 300_000,
        totalMs: 3_600_000,
        loginMs: 600_000,
      },
      failover: {
        maxAttempts: 4,
        retryRatio: 0.2,
        retryFloor: 10,
        queueSize: 32,
        queueMs: 2000,
        maxCoolingMs: 3_600_000,
        outageMs: 30_000,
        overloadedMs: 5000,
        rateLimitMs: 30_000,
        deniedMs: 1_800_000,
        notFoundMs: 600_000,
        pluginFaults: 5,
        pluginFaultWindowMs: 60_000,
        pluginFaultMaxMs: 60_000,
        holdStreamBytes: 65_536,
        holdBodyBytes: 1_048_576,
        commitAfterMs: 0,
        maxAnswerBytes: 67_108_864,
      },
      accountStrategy: 'round-robin',
      usage: 'auto',
    });
  });

  test('keeps what it says, in order', () => {
    const { settings } = parse(
      [
        'server: { port: 0, bodyLimitMb: 0.5, apiKeys: [client-key-1] }',
        'log: { level: debug, format: json, file: logs/out.log }',
        'plugins:',
        '  b: { package: ./plugins/b, required: false }',
        '  a: { package: "@scope/a", enabled: false, config: { x: [1, { y: z }] } }',
        'routes:',
        '  - { match: "m-*", targets: [{ plugin: a }, { plugin: b, model: other }], strategy: round-robin }',
        '  - { match: n, targets: [{ plugin: b }] }',
        'aliases: { short: m-long }',
        'timeouts: { idleMs: 7 }',
        'failover: { maxAttempts: 2 }',
        'accountStrategy: fill-first',
        'usage: off',
      ].join('\n'),
    );
    expect(settings.server).toMatchObject({ port: 0, bodyLimitMb: 0.5, apiKeys: ['client-key-1'] });
    expect(settings.log).toEqual({
      level: 'debug',
      format: 'json',
      file: path.resolve('logs/out.log'),
    });
    expect(settings.kernel.plugins.map((one) => [one.instanceId, one.package])).toEqual([
      ['b', path.resolve('plugins/b')],
      ['a', '@scope/a'],
    ]);
    expect(settings.kernel.plugins[1]?.config).toEqual({ x: [1, { y: 'z' }] });
    expect(settings.kernel.routes).toEqual([
      {
        match: 'm-*',
        targets: [{ plugin: 'a' }, { plugin: 'b', model: 'other' }],
        strategy: 'round-robin',
      },
      { match: 'n', targets: [{ plugin: 'b' }], strategy: 'failover' },
    ]);
    expect(settings.kernel.aliases).toEqual({ short: 'm-long' });
    expect(settings.kernel.timeouts).toMatchObject({ connectMs: 5000, idleMs: 7 });
    expect(settings.kernel.failover).toMatchObject({ maxAttempts: 2, retryFloor: 10 });
    expect(settings.kernel).toMatchObject({ accountStrategy: 'fill-first', usage: 'off' });
  });

  test('is frozen all the way down', () => {
    const { settings } = parse('plugins: { a: { config: { x: [{ y: 1 }] } } }\naliases: { b: c }');
    const isFrozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(isFrozen));
    expect(isFrozen(settings)).toBe(true);
  });

  test('may leave values empty where there are defaults', () => {
    const { settings } = parse('server:\nplugins:\n  echo:\nroutes:\nlog: { level: }\n');
    expect(settings.server.port).toBe(8317);
    expect(settings.log.level).toBe('info');
    expect(settings.kernel.plugins).toMatchObject([{ instanceId: 'echo', config: {} }]);
  });

  test('may begin with a byte order mark and have Windows line ends', () => {
    expect(parse('\uFEFFserver:\r\n  port: 1\r\n').settings.server.port).toBe(1);
    expect(lines('\uFEFFserver:\r\n  prt: 1\r\n')[0]).toMatch(/^config\.yaml:2:3 /);
  });

  test('an alias table does not answer to names of Object', () => {
    const { aliases } = parse('aliases: { a: b }').settings.kernel;
    expect(aliases['constructor']).toBeUndefined();
    expect(aliases['a']).toBe('b');
  });
});

test('targets and accounts have weights and priorities, as written and as printed', () => {
  const text = [
    'plugins: { echo: { accounts: { "***1": { weight: 3 }, default: { priority: -1 } } } }',
    'routes:',
    '  - match: m',
    '    strategy: weighted',
    '    targets: [{ plugin: echo, weight: 100, priority: 2 }]',
  ].join('\n');
  const { settings } = parseConfig({ text, file: '/x/config.yaml', env: {} });
  const accounts = { '***1': { weight: 3 }, default: { priority: -1 } };
  const targets = [{ plugin: 'echo', weight: 100, priority: 2 }];
  expect(settings.kernel.plugins[0]).toMatchObject({ accounts });
  expect(settings.kernel.routes).toEqual([{ match: 'm', strategy: 'weighted', targets }]);
  const printed = parseConfig({ text: printConfig(settings), file: '/x/config.yaml', env: {} });
  expect(printed.settings.kernel.plugins[0]).toMatchObject({ accounts });
  expect(() =>
    parseConfig({ text: text.replace('100', '101'), file: 'config.yaml', env: {} }),
  ).toThrow(/weight/);
});

describe('a file that is not what it should be is named by file:line:col', () => {
  test.each([
    [
      'unknown top-level key',
      'sever: {}',
      [
        'config.yaml:1:1 The configuration has no key "sever". Did you mean server? Allowed: server, log, data, plugins, routes, aliases, timeouts, failover, accountStrategy, usage.',
      ],
    ],
    [
      'unknown key of a section',
      'log:\n  levle: info',
      ['config.yaml:2:3 log has no key "levle". Did you mean level? Allowed: level, format, file.'],
    ],
    [
      'unknown key without a value',
      'log:\n  qqqqq:',
      ['config.yaml:2:3 log has no key "qqqqq". Allowed: level, format, file.'],
    ],
    [
      'wrong type',
      'server: { port: "http" }',
      ['config.yaml:1:17 server.port must be a whole number; "http" was given.'],
    ],
    [
      'a list where a mapping belongs',
      'server: [1]',
      ['config.yaml:1:9 server must be a mapping; a list was given.'],
    ],
    [
      'text where a list belongs',
      'server:\n  allowedHosts: gateway.lan',
      [
        'config.yaml:2:17 server.allowedHosts must be a list; "gateway.lan" was given. Write a single entry as [entry].',
      ],
    ],
    [
      'number where text belongs',
      'server: { host: 127 }',
      ['config.yaml:1:17 server.host must be text; 127 was given. Put it in quotes.'],
    ],
    [
      'not a finite number',
      'server: { bodyLimitMb: .inf }',
      ['config.yaml:1:24 server.bodyLimitMb must be at most 1024; Infinity was given.'],
    ],
    [
      'too small',
      'server: { port: -1 }',
      ['config.yaml:1:17 server.port must be at least 0; -1 was given.'],
    ],
    [
      'too large',
      'timeouts:\n  idleMs: 2147483648',
      ['config.yaml:2:11 timeouts.idleMs must be at most 2147483647; 2147483648 was given.'],
    ],
    [
      'not above',
      'server: { bodyLimitMb: 0 }',
      ['config.yaml:1:24 server.bodyLimitMb must be more than 0; 0 was given.'],
    ],
    [
      'none of a choice',
      'log: { level: inof }',
      [
        'config.yaml:1:15 log.level must be error, warn, info or debug; "inof" was given. Did you mean info?',
      ],
    ],
    [
      'wrong form',
      'server: { host: "[::1]" }',
      [
        'config.yaml:1:17 server.host does not have the right form; "[::1]" was given. Address to listen on, without a port and brackets, for example 127.0.0.1 or ::1.',
      ],
    ],
    [
      'nothing in a list',
      'routes: [~]',
      ['config.yaml:1:10 routes[0] must be a mapping; nothing was given.'],
    ],
    [
      'an alias without a model',
      'aliases:\n  a:',
      ['config.yaml:2:3 aliases.a must be text; nothing was given.'],
    ],
    [
      'missing key',
      'routes:\n  - match: a',
      ['config.yaml:2:5 routes[0].targets is missing. Instances to try, in this order.'],
    ],
    [
      'no targets',
      'routes:\n  - { match: a, targets: [] }',
      ['config.yaml:2:26 routes[0].targets must list at least 1 entry.'],
    ],
    [
      'target that is no instance',
      'plugins: { llmux-claude: {} }\nroutes:\n  - match: a\n    targets:\n      - plugin: llmux-cluade',
      [
        'config.yaml:5:17 routes[0].targets[0].plugin names "llmux-cluade", which is no instance under plugins. Did you mean llmux-claude? Instances: llmux-claude.',
      ],
    ],
    [
      'target without any instance',
      'routes: [{ match: a, targets: [{ plugin: b }] }]',
      [
        'config.yaml:1:42 routes[0].targets[0].plugin names "b", which is no instance under plugins. There are none yet; add one under plugins.',
      ],
    ],
    [
      'instance id',
      'plugins:\n  Echo: {}',
      [
        'config.yaml:2:3 "Echo" cannot be the id of a plugin instance; use up to 64 lower-case letters, digits, ".", "_" and "-", with a letter or digit first.',
      ],
    ],
    [
      'unknown key of an instance',
      'plugins:\n  echo:\n    enable: true',
      [
        'config.yaml:3:5 plugins.echo has no key "enable". Did you mean enabled? Allowed: package, enabled, required, experimental, config, isolation, memoryLimitMb, maxConcurrent, accounts.',
      ],
    ],
    [
      'instance that is no mapping',
      'plugins: { echo: true }',
      ['config.yaml:1:18 plugins.echo must be a mapping; true was given.'],
    ],
    [
      'alias of an alias',
      'aliases:\n  a: b\n  b: c',
      [
        'config.yaml:2:6 aliases.a means "b", which is an alias itself; name the model that it stands for.',
      ],
    ],
    [
      'circle of aliases',
      'aliases: { a: b, b: a }',
      [
        'config.yaml:1:15 aliases.a means "b", which is an alias itself; name the model that it stands for.',
        'config.yaml:1:21 aliases.b means "a", which is an alias itself; name the model that it stands for.',
      ],
    ],
    [
      'alias of itself',
      'aliases: { a: a }',
      ['config.yaml:1:15 aliases.a means itself; remove it.'],
    ],
    [
      'alias pattern',
      'aliases:\n  "a*": b',
      [
        'config.yaml:2:3 aliases["a*"] contains *, which only routes understand; write a route instead.',
      ],
    ],
    [
      'empty alias',
      'aliases:\n  "": b',
      ['config.yaml:2:3 An alias cannot be empty; give it a name.'],
    ],
    [
      'document that is a list',
      '- a',
      ['config.yaml:1:1 the configuration must be a mapping; a list was given.'],
    ],
    [
      'document that is text',
      'hello',
      ['config.yaml:1:1 the configuration must be a mapping; text was given.'],
    ],
  ])('%s', (_name, text, expected) => {
    const error = failure(text);
    expect(error.message.split('\n')).toEqual(expected);
    expect(error.code).toBe('CONFIG_INVALID');
  });

  test.each([
    ['empty', '', '1:1 The file is empty.'],
    ['comments alone', '# nothing\n', '1:1 The file is empty.'],
    ['a lone separator', '---\n', '1:1 The file is empty.'],
    ['repeated key', 'log: {}\nserver: {}\nlog: {}', '3:1 The key "log" stands here a second time'],
    ['repeated key as number', '1: a\n1.0: b', '2:1 The key "1" stands here a second time'],
    ['alias', 'a: &x 1\nb: *x', '2:4 Aliases (*name) are not allowed here'],
    ['merge key', 'a: {}\n<<: { b: 1 }', '2:1 Merge keys (<<) are not supported'],
    ['prototype', 'aliases:\n  __proto__: { a: b }', '2:3 "__proto__" cannot be a key'],
    ['quoted prototype', '{ "__proto__": 1 }', '1:3 "__proto__" cannot be a key'],
    ['complex key', '? [a]\n: b', '1:3 A key must be plain text'],
    ['second document', 'a: 1\n---\nb: 2', '3:1 The file holds a second document'],
    ['open bracket', 'server: {', '1:10 This is not valid YAML: '],
    [
      'bare reference between braces',
      'server: { port: ${FOO_PORT:-1} }',
      "1:18 This is not valid YAML: missed comma between flow collection entries. Between { } or [ ], a reference stands in quotes: '${FOO_PORT}'.",
    ],
    ['bad indentation', 'a:\n  b: 1\n c: 2', '3:2 This is not valid YAML: '],
    ['unknown tag', 'a: !!js/function "x"', '1:4 This is not valid YAML: unknown scalar tag'],
  ])('CONFIG_SYNTAX: %s', (_name, text, expected) => {
    const error = failure(text);
    expect(error.code).toBe('CONFIG_SYNTAX');
    expect(error.message).toContain(`config.yaml:${expected}`);
    expect(error.message.split('\n')).toHaveLength(1);
  });

  test('all problems are told together, at most fifty', () => {
    expect(lines('server: { port: a, hots: b }\nlog: { level: c }\nx: 1')).toHaveLength(4);
    const many = failure(Array.from({ length: 80 }, (_, index) => `k${index}: 1`).join('\n'));
    expect(many.problems).toHaveLength(80);
    expect(many.message.split('\n')).toHaveLength(51);
    expect(many.message).toMatch(/… and 30 more\.$/);
  });

  test('control characters and long names do not get into a message', () => {
    const [line = ''] = lines(`"a\\e[31m${'x'.repeat(10_000)}": 1`);
    expect(line).toContain('\\u001b[31m');
    expect(line.length).toBeLessThan(400);
  });
});

describe('bombs are refused', () => {
  const laughs = [
    'a: &a [x, x, x]',
    ...['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map(
      (name, index) =>
        `${name}: &${name} [${Array(9)
          .fill(`*${'abcdefgh'[index] ?? ''}`)
          .join(', ')}]`,
    ),
  ].join('\n');
  test.each([
    ['aliases', laughs, '2:8 Aliases'],
    ['flow depth', `a: ${'['.repeat(100_000)}`, '1:54 This is nested more than 50 deep'],
    ['mapping depth', '{a: '.repeat(60), ' This is nested more than 50 deep'],
    ['size', `a: ${'x'.repeat(1024 * 1024)}`, ' The file is larger than 1048576 bytes'],
  ])('%s', (_name, text, expected) => {
    const error = failure(text);
    expect(error.code).toBe('CONFIG_SYNTAX');
    expect(error.message).toContain(`config.yaml${expected.startsWith(' ') ? '' : ':'}`);
    expect(error.message).toContain(expected);
  });

  test('fifty deep is deep enough, and long keys over many values stay cheap', () => {
    const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(lines(deep(50))[0]).toContain('must be a mapping');
    expect(lines(deep(51))[0]).toContain('nested more than 50 deep');
    let text = '';
    for (let depth = 0; depth < 45; depth += 1) {
      text += `${' '.repeat(depth)}${'k'.repeat(10_000)}:\n`;
    }
    for (let item = 0; item < 8000; item += 1) text += `${' '.repeat(46)}- x\n`;
    expect(failure(text).problems).toHaveLength(1);
  });

  test('references that expand to more than the file may hold', () => {
    const env = { BIG: 'x'.repeat(2000) };
    const text = `aliases: { a: "${'${BIG}'.repeat(1000)}" }`;
    expect(failure(text, env).message).toContain('what its references expand to, is larger');
  });
});

describe('the environment', () => {
  test('replaces references, with defaults and escapes', () => {
    const { settings } = parse(
      [
        'plugins:',
        '  a:',
        '    config:',
        '      plain: ${A}',
        '      inside: "<${A}-${B:-two}>"',
        '      empty: "${EMPTY:-filled}"',
        '      emptyDefault: "${NONE:-}"',
        '      escaped: "$${A} $A $$"',
        '      notAgain: "${NESTED}"',
        '      list: ["${A}"]',
      ].join('\n'),
      { A: 'one', EMPTY: '', NESTED: '${A}' },
    );
    expect(settings.kernel.plugins[0]?.config).toEqual({
      plain: 'one',
      inside: '<one-two>',
      empty: 'filled',
      emptyDefault: '',
      escaped: '${A} $A $$',
      notAgain: '${A}',
      list: ['one'],
    });
  });

  test('gives numbers and booleans where those belong, quoted or not', () => {
    const text =
      'server: { port: "${PORT}", strictParameters: "${STRICT}", bodyLimitMb: "1.5", apiKeys: ["${KEY}"] }';
    const { server } = parse(text, { PORT: '9000', STRICT: 'true', KEY: '1234567890' }).settings;
    expect(server).toMatchObject({
      port: 9000,
      strictParameters: true,
      bodyLimitMb: 1.5,
      apiKeys: ['1234567890'],
    });
  });

  test('that lacks a variable is a problem of the instance that refers to it', () => {
    const text = [
      'plugins:',
      '  on: { config: { keys: ["${MISSING_ONE}"] } }',
      '  off: { enabled: false, config: { keys: ["${MISSING_TWO}"] } }',
      '  maybe: { enabled: "${MISSING_THREE}" }',
    ].join('\n');
    const loaded = parse(text);
    const [on, off, maybe] = loaded.settings.kernel.plugins;
    expect(on?.problems).toEqual([
      {
        code: 'CONFIG_ENV_UNSET',
        message:
          'plugins.on.config.keys[0] refers to the environment variable MISSING_ONE, which is not set. Set it, or write ${MISSING_ONE:-default}, or disable the instance (enabled: false).',
        pointer: '/plugins/on/config/keys/0',
        instanceId: 'on',
      },
    ]);
    expect(loaded.locate('/plugins/on/config/keys/0')).toEqual({ line: 2, column: 26 });
    expect(off?.problems).toEqual([]);
    expect(maybe).toMatchObject({ enabled: true, problems: [{ code: 'CONFIG_ENV_UNSET' }] });
  });

  test('that lacks a variable elsewhere is an error of the file', () => {
    const error = failure('server:\n  apiKeys: ["${MISSING}"]\n  port: ${PORT}');
    expect(error.code).toBe('CONFIG_ENV_UNSET');
    expect(error.message.split('\n')).toEqual([
      'config.yaml:2:13 server.apiKeys[0] refers to the environment variable MISSING, which is not set. Set it, or write ${MISSING:-default}.',
      'config.yaml:3:9 server.port refers to the environment variable PORT, which is not set. Set it, or write ${PORT:-default}.',
    ]);
  });

  test.each(['${', 'a ${1} ${x', '${a-b}', '${A:-${B}}'])('a malformed reference: %s', (text) => {
    expect(lines(`aliases:\n  a: "${text}"`, { A: 'a', B: 'b' })).toEqual([
      'config.yaml:2:6 aliases.a holds "${", but no reference; write ${NAME} or ${NAME:-default}, or $${ for the text itself.',
    ]);
  });

  test('an inherited property is no variable', () => {
    expect(failure('aliases: { a: "${constructor}" }').code).toBe('CONFIG_ENV_UNSET');
  });

  test.each([
    'server: { port: "${CANARY}" }',
    'server: { host: "${CANARY} " }',
    'server: { apiKeys: "${CANARY}" }',
    'server: { allowedOrigins: ["${CANARY}"] }',
    'log: { level: "${CANARY}" }',
    'log: { file: ["${CANARY}"] }',
    'plugins: { a: "${CANARY}" }',
    'plugins: { a: { enabled: "${CANARY}" } }',
    'plugins: { a: { config: "${CANARY}" } }',
    'routes: "${CANARY}"',
    'usage: "${CANARY}"',
    'server: { host: "${CANARY}", port: "x" }',
  ])('a value of it never reaches a message: %s', (text) => {
    const error = failure(text, { CANARY: 'dbeug-canary' });
    expect(error.message).not.toContain('canary');
    expect(JSON.stringify(error.problems)).not.toContain('canary');
    expect(error.message).toMatch(/was given|right form/);
  });

  test('a number from it is not shown either, nor a key that is written out', () => {
    expect(lines('server: { port: "${PIN}" }', { PIN: '987654' })).toEqual([
      'config.yaml:1:17 server.port must be at most 65535; a number was given.',
    ]);
    expect(lines('server: { apiKeys: [hunter2, 9876543] }')).toEqual([
      'config.yaml:1:21 server.apiKeys[0] must have at least 8 characters.',
      'config.yaml:1:30 server.apiKeys[1] must be text; a number was given. Put it in quotes.',
    ]);
    expect(lines('server: { apiKeys: my-single-key }')[0]).toContain('text was given');
  });

  test('a bad value of it is not printed by a check that is about safety', () => {
    const error = failure('server: { host: "${HOST}" }', { HOST: 'canary.example' });
    expect(error.code).toBe('CONFIG_UNSAFE');
    expect(error.message).not.toContain('canary');
  });

  test('nor by checks of routes and aliases', () => {
    const text =
      'routes: [{ match: a, targets: [{ plugin: "${X}" }] }]\naliases: { a: "${Y}", y-canary: z }';
    const error = failure(text, { X: 'x-canary', Y: 'y-canary' });
    expect(error.problems).toHaveLength(2);
    expect(error.message).not.toContain('x-canary');
    expect(error.message).not.toContain('"y-canary"');
  });
});

describe('overrides', () => {
  test('set scalars of server and log, whatever the file says', () => {
    const env = {
      CLIPROXY_SERVER_PORT: '0',
      CLIPROXY_SERVER_BODY_LIMIT_MB: '0.25',
      CLIPROXY_SERVER_STRICT_PARAMETERS: 'true',
      CLIPROXY_LOG_LEVEL: 'debug',
      CLIPROXY_LOG_FORMAT: '',
    };
    const { server, log } = parse('server: { port: "${UNSET}" }', env).settings;
    expect(server).toMatchObject({ port: 0, bodyLimitMb: 0.25, strictParameters: true });
    expect(log).toEqual({ level: 'debug', format: 'auto' });
  });

  test('are not expanded', () => {
    const env = { CLIPROXY_SERVER_HOST: '${A}', A: '127.0.0.1' };
    expect(failure('plugins: {}', env).code).toBe('CONFIG_UNSAFE');
  });

  test('are named when wrong, without their value', () => {
    const env = { CLIPROXY_SERVER_PORT: 'tcp://10.0.0.1:8317', CLIPROXY_LOG_LEVEL: 'loud' };
    expect(lines('server: { port: 1 }', env)).toEqual([
      'config.yaml: The environment variable CLIPROXY_SERVER_PORT (server.port) must be a whole number; text was given.',
      'config.yaml: The environment variable CLIPROXY_LOG_LEVEL (log.level) must be error, warn, info or debug; text was given.',
    ]);
  });

  test('that are misspelt or can be none are refused, foreign ones left alone', () => {
    expect(lines('plugins: {}', { CLIPROXY_SERVER_PROT: '1' })).toEqual([
      'config.yaml: The environment variable CLIPROXY_SERVER_PROT sets nothing. Did you mean CLIPROXY_SERVER_PORT? Otherwise unset it.',
    ]);
    expect(lines('plugins: {}', { CLIPROXY_SERVER_API_KEYS: 'a,b' })[0]).toContain(
      'lists are set in the file alone',
    );
    const used = { CLIPROXY_SERVER_API_KEYS: 'a-long-key' };
    const text = 'server: { apiKeys: ["${CLIPROXY_SERVER_API_KEYS}"] }';
    expect(parse(text, used).settings.server.apiKeys).toEqual(['a-long-key']);
    const foreign = { CLIPROXY_SERVER_PORT_8317_TCP_ADDR: 'x', CLIPROXY_SERVER_SERVICE_HOST: 'y' };
    expect(parse('plugins: {}', foreign).settings.server.port).toBe(8317);
  });

  test('do not hide a section of the wrong type', () => {
    expect(lines('server: 5', { CLIPROXY_SERVER_PORT: '1' })[0]).toContain(
      'server must be a mapping',
    );
    expect(lines('- a', { CLIPROXY_SERVER_PORT: '1' })[0]).toContain('must be a mapping');
  });
});

describe('an address that others can reach', () => {
  const keys = 'apiKeys: [client-key], adminKeys: [admin-key-1]';
  test.each([
    '0.0.0.0',
    '::',
    '192.168.1.5',
    '127.evil.com',
    '127.0.0.1.nip.io',
    '127.1',
    '2130706433',
    'localhost.example',
    '::ffff:10.0.0.1',
    '*',
  ])('%s needs both kinds of keys', (host) => {
    expect(parse(`server: { host: "${host}", ${keys} }`).settings.server.host).toBe(host);
    const error = failure(`server: { host: "${host}", apiKeys: [client-key] }`);
    expect(error.code).toBe('CONFIG_UNSAFE');
    expect(error.message).toBe(
      `config.yaml:1:17 server.host is "${host}", which can be reached by others, but server.adminKeys is empty. Set it, or bind to 127.0.0.1.`,
    );
    expect(lines(`server: { host: "${host}" }`)[0]).toContain(
      'server.apiKeys and server.adminKeys are empty',
    );
  });

  test.each([
    '127.0.0.1',
    '127.8.9.10',
    '::1',
    '0:0:0:0:0:0:0:1',
    'localhost',
    'LocalHost',
    '::ffff:127.0.0.1',
  ])('%s needs none', (host) => {
    expect(parse(`server: { host: "${host}" }`).settings.server.host).toBe(host);
  });

  test('a key is never empty, short or unsendable', () => {
    expect(lines('server: { apiKeys: [""], adminKeys: ["12345678 ", "schlüssel"] }')).toEqual([
      'config.yaml:1:21 server.apiKeys[0] must not be empty.',
      expect.stringContaining('server.adminKeys[0] does not have the right form.'),
      expect.stringContaining('server.adminKeys[1] does not have the right form.'),
    ]);
    expect(failure('server: { host: 0.0.0.0, apiKeys: ["${K}"] }', { K: '' }).code).toBe(
      'CONFIG_INVALID',
    );
  });
});

describe('a file', () => {
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'config-'));
  });
  afterAll(async () => rm(dir, { recursive: true }));
  const load = async (name: string): Promise<LoadedConfig> =>
    loadConfig({ file: path.join(dir, name), env: {} });

  test('is read; its folder is the base of paths', async () => {
    await writeFile(path.join(dir, 'good.yaml'), 'plugins: { a: { package: ../a } }');
    const { settings, file } = await load('good.yaml');
    expect(file).toBe(path.join(dir, 'good.yaml'));
    expect(settings.kernel.baseDir).toBe(dir);
    expect(settings.kernel.plugins[0]?.package).toBe(path.resolve(dir, '../a'));
  });

  test('that is missing, no file, no text or too large is refused', async () => {
    await mkdir(path.join(dir, 'folder'));
    await writeFile(path.join(dir, 'latin1.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xe4]));
    await writeFile(path.join(dir, 'large.yaml'), Buffer.alloc(1024 * 1024 + 1, 0x20));
    await expect(load('none.yaml')).rejects.toMatchObject({
      code: 'CONFIG_NOT_FOUND',
      message: `${path.join(dir, 'none.yaml')}: There is no such file. Name another with --config, or run \`cliproxy start\` without one to have it written.`,
    });
    await expect(load('folder')).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' });
    await expect(load('a\0b')).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' });
    await expect(load('latin1.yaml')).rejects.toMatchObject({ code: 'CONFIG_SYNTAX' });
    await expect(load('large.yaml')).rejects.toMatchObject({ code: 'CONFIG_SYNTAX' });
    await expect(load('/dev/zero')).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' });
  });
});

describe('whatever the text, the outcome is settings or a ConfigError', () => {
  const outcome = (text: string): string => {
    try {
      parse(text, { A: 'x' });
      return 'settings';
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      expect(error.message).not.toBe('');
      return 'error';
    }
  };

  test('random text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => void outcome(text)),
      {
        numRuns: 1000,
      },
    );
  });

  test('text of YAML pieces', () => {
    const piece = fc.constantFrom(
      ...[
        'server',
        'plugins',
        'port',
        'a',
        '__proto__',
        'constructor',
        ': ',
        ':\n',
        '\n',
        '  ',
        '- ',
        '? ',
      ],
      ...[
        '{',
        '}',
        '[',
        ']',
        ', ',
        '&x ',
        '*x',
        '<<',
        '!!str ',
        '!!binary ',
        '!',
        '|',
        '>',
        '"',
        "'",
        '#',
      ],
      ...[
        '${A}',
        '${',
        '~',
        'null',
        '.nan',
        '0x1F',
        '1e400',
        '---\n',
        '...',
        '%YAML 1.2\n',
        '\t',
        '\r',
        '\0',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => void outcome(pieces.join(''))),
      { numRuns: 2000 },
    );
  });

  test('any JSON', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (json) => void outcome(json)),
      { numRuns: 500 },
    );
    const sections = fc.record(
      {
        server: fc.jsonValue(),
        log: fc.jsonValue(),
        plugins: fc.dictionary(fc.string(), fc.jsonValue()),
        routes: fc.array(fc.jsonValue()),
        aliases: fc.dictionary(fc.string(), fc.string()),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(sections, (document) => void outcome(JSON.stringify(document))),
      { numRuns: 500 },
    );
  });
});
