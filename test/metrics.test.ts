import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startScriptedUpstream, startTestGateway } from '@cliproxy/plugin-testkit';
import type { ScriptedUpstream, TestGateway } from '@cliproxy/plugin-testkit';
import compatible from '@cliproxy/plugin-openai-compatible';
import echo from '@cliproxy/plugin-echo';
import { openPluginFolder } from './plugins/plugin-folder.ts';
import type { PluginFolder } from './plugins/plugin-folder.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const KEY = 'sk-metrics-0123456789abcdef';

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}
/** What a page holds: each metric's type, and its lines by their name. */
interface Page {
  readonly types: ReadonlyMap<string, string>;
  readonly series: ReadonlyMap<string, readonly Series[]>;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = `[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"`;
const LINE = new RegExp(
  `^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? ([+-]?(?:[\\d.e+-]+|Inf|[Nn]a[Nn]))$`,
  'u',
);

/** Reads the text format as strictly as it is defined. */
function parse(text: string): Page {
  expect(text.endsWith('\n')).toBe(true);
  const types = new Map<string, string>();
  const helped = new Set<string>();
  const series = new Map<string, Series[]>();
  const seen = new Set<string>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const help = /^# HELP (\S+) \S/u.exec(line)?.[1];
    if (help !== undefined) {
      expect([help, helped.has(help)]).toEqual([help, false]);
      helped.add(help);
      continue;
    }
    const [, typed, type = ''] = /^# TYPE (\S+) (counter|gauge|histogram)$/u.exec(line) ?? [];
    if (typed !== undefined) {
      types.set(typed, type);
      continue;
    }
    const [, name = '', labels = '', value = ''] = LINE.exec(line) ?? [];
    expect([line, name]).not.toEqual([line, '']);
    const base = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/u, '');
    expect([line, types.has(base), helped.has(base)]).toEqual([line, true, true]);
    expect([line, seen.has(`${name}{${labels}}`)]).toEqual([line, false]);
    seen.add(`${name}{${labels}}`);
    const found = series.get(name) ?? [];
    series.set(name, found);
    found.push({
      labels: Object.fromEntries(
        [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/gu)].map(([, key = '', of = '']) => [
          key,
          of.replace(/\\(.)/gu, (_, c: string) => (c === 'n' ? '\n' : c)),
        ]),
      ),
      value: Number(value.replace('Inf', 'Infinity')),
    });
  }
  return { types, series };
}

function at({ series }: Page, name: string, labels: Readonly<Record<string, string>> = {}) {
  const fits = (one: Series): boolean =>
    Object.entries(labels).every(([key, value]) => one.labels[key] === value);
  return (series.get(name) ?? []).filter(fits).reduce((sum, { value }) => sum + value, 0);
}

let upstream: ScriptedUpstream;
let gateway: TestGateway;
let folder: PluginFolder;

const chat = (model: string, more: object = {}) =>
  gateway.ask('/v1/chat/completions', {
    body: { model, messages: [{ role: 'user', content: 'one two three' }], ...more },
  });
const scrape = async (): Promise<Page> =>
  parse(await (await gateway.ask('/metrics', { admin: true })).text());

beforeAll(async () => {
  folder = openPluginFolder();
  upstream = await startScriptedUpstream();
  gateway = await startTestGateway({
    plugins: [
      {
        plugin: echo,
        packageJson: new URL('../plugins/echo/package.json', import.meta.url),
        config: { paceMs: 0 },
      },
      {
        plugin: compatible,
        packageJson: new URL('../plugins/openai-compatible/package.json', import.meta.url),
        config: {
          baseUrl: `${upstream.url}/v1`,
          apiKeys: [KEY],
          models: [{ id: 'odd"\\name' }],
        },
      },
      {
        package: folder.add({
          id: 'faulty',
          manifest: { provides: { executor: true } },
          setup: `return { executor: { kind: 'events', models: async () => [],
            run() { throw new TypeError('boom'); } } };`,
        }),
        instanceId: 'faulty',
      },
    ],
  });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
  folder.remove();
});

describe('GET /metrics', () => {
  test('is for operators alone', async () => {
    expect((await fetch(`${gateway.url}/metrics`)).status).toBe(401);
    // With a client's key.
    expect((await gateway.ask('/metrics')).status).toBe(403);
    const query = await fetch(`${gateway.url}/metrics?key=${gateway.adminKey}`);
    expect(query.status).toBe(401);
    const reply = await gateway.ask('/metrics', { admin: true });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  test('counts from the start: requests, times, tokens, failures and faults', async () => {
    const before = await scrape();
    upstream.answer((request) =>
      request.method === 'POST'
        ? { status: 429, headers: { 'content-type': 'application/json' }, body: '{}' }
        : { status: 404 },
    );
    for (let n = 0; n < 3; n += 1) expect((await chat('echo')).status).toBe(200);
    await (await chat('echo', { stream: true })).text();
    expect((await chat('openai-compatible/odd"\\name')).status).toBe(429);
    for (let n = 0; n < 5; n += 1) expect((await chat('faulty/x')).status).toBe(502);
    expect((await chat('faulty/x')).status).toBe(503);
    expect((await chat('nobody-serves-this')).status).toBe(404);
    const page = await scrape();
    const grown = (name: string, labels: Readonly<Record<string, string>> = {}): number =>
      at(page, name, labels) - at(before, name, labels);

    expect(grown('cliproxy_requests_total', { instance: 'echo', outcome: 'answered' })).toBe(4);
    expect(grown('cliproxy_requests_total', { instance: '', outcome: 'failed' })).toBe(2);
    expect(grown('cliproxy_requests_total', { dialect: 'openai-chat' })).toBe(12);
    expect(grown('cliproxy_request_errors_total', { code: 'ROUTE_MODEL_NOT_FOUND' })).toBe(1);
    expect(
      grown('cliproxy_attempts_total', { instance: 'openai-compatible', failure: 'rate-limit' }),
    ).toBe(1);
    expect(grown('cliproxy_request_duration_seconds_count')).toBe(12);
    expect(grown('cliproxy_time_to_first_token_seconds_count', { instance: 'echo' })).toBe(1);
    const tokens = { instance: 'echo', model: 'echo' };
    expect(grown('cliproxy_tokens_total', { ...tokens, kind: 'output' })).toBeGreaterThan(0);
    const faults = { instance: 'faulty', where: 'request' };
    expect(grown('cliproxy_plugin_faults_total', faults)).toBe(5);
    expect(grown('cliproxy_plugin_circuit_openings_total', { instance: 'faulty' })).toBe(1);
  });

  test('says how everything stands, once for each', async () => {
    const page = await scrape();
    expect(at(page, 'cliproxy_build_info', { node: process.version })).toBe(1);
    expect(at(page, 'cliproxy_plugin_state', { instance: 'echo', state: 'ready' })).toBe(1);
    expect(at(page, 'cliproxy_plugin_state', { instance: 'echo' })).toBe(1);
    expect(at(page, 'cliproxy_plugin_state', { instance: 'faulty', state: 'sick' })).toBe(1);
    expect(at(page, 'cliproxy_plugin_up', { instance: 'echo' })).toBe(1);
    expect(at(page, 'cliproxy_accounts', { instance: 'echo', state: 'usable' })).toBe(1);
    expect(at(page, 'cliproxy_accounts', { instance: 'openai-compatible', state: 'cooling' })).toBe(
      1,
    );
    expect(at(page, 'process_resident_memory_bytes')).toBeGreaterThan(1e7);
    expect(page.types.has('nodejs_eventloop_lag_seconds')).toBe(true);
  });

  test('keeps to the conventions, and shows no secret', async () => {
    const reply = await gateway.ask('/metrics', { admin: true });
    const text = await reply.text();
    for (const secret of [KEY, KEY.slice(-4), gateway.apiKey, gateway.adminKey]) {
      expect(text).not.toContain(secret);
    }
    const { types, series } = parse(text);
    for (const [name, type] of types) {
      if (!name.startsWith('cliproxy_')) continue;
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
      if (type !== 'histogram') continue;
      expect(name).toMatch(/_seconds$/u);
      const buckets = new Map<string, number>();
      for (const { labels, value } of series.get(`${name}_bucket`) ?? []) {
        const { le, ...rest } = labels;
        const key = JSON.stringify(rest);
        // Each holds the ones before it.
        expect(value).toBeGreaterThanOrEqual(buckets.get(key) ?? 0);
        buckets.set(key, value);
        if (le === '+Inf') {
          expect(at({ types, series }, `${name}_count`, rest)).toBe(value);
        }
      }
      expect(buckets.size).toBeGreaterThan(0);
    }
  });
});

test('the example of a scrape configuration is what Prometheus needs, and gets a page', async () => {
  const setup = readFileSync(path.join(ROOT, 'docs/SETUP.md'), 'utf8');
  const text = /## Metrics\n[\s\S]*?```yml\n([\s\S]*?)```/u.exec(setup)?.[1] ?? '';
  expect(text).toMatch(/^scrape_configs:\n {2}- job_name: cliproxy\n/u);
  const [, type = ''] =
    /^ {4}authorization: \{ type: (\w+), credentials_file: \S+ \}$/mu.exec(text) ?? [];
  // The default address, and the path that Prometheus asks where it is told no other.
  expect(text).toMatch(/^ {4}static_configs: \[\{ targets: \['127\.0\.0\.1:8317'\] \}\]$/mu);
  const reply = await fetch(new URL('/metrics', gateway.url), {
    headers: { authorization: `${type} ${gateway.adminKey}` },
  });
  expect(reply.status).toBe(200);
  const names = [...parse(await reply.text()).types.keys()].filter((one) => one.startsWith('cli'));
  const listed = [...setup.split('## Metrics')[1]!.matchAll(/`(cliproxy_\w+)`/gu)];
  expect(new Set(listed.map(([, name]) => name))).toEqual(new Set(names));
});

test('nobody pays for what writes the page before the first one is asked for', () => {
  const script = `
    import { createRequire } from 'node:module';
    const { startTestGateway } = await import('@cliproxy/plugin-testkit');
    const { default: echo } = await import('@cliproxy/plugin-echo');
    const packageJson = new URL('file://${ROOT}/plugins/echo/package.json');
    const gateway = await startTestGateway({ plugins: [{ plugin: echo, packageJson, config: {} }] });
    const loaded = () => Object.keys(createRequire(import.meta.url).cache)
      .some((file) => file.includes('prom-client'));
    const body = { model: 'echo', messages: [{ role: 'user', content: 'x' }] };
    await (await gateway.ask('/v1/chat/completions', { body })).text();
    const before = loaded();
    const page = await (await gateway.ask('/metrics', { admin: true })).text();
    const counted = page.includes('cliproxy_requests_total{instance="echo",dialect="openai-chat",operation="generate",outcome="answered"} 1');
    await gateway.stop();
    console.log(JSON.stringify({ before, after: loaded(), counted }));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: path.join(ROOT, 'test'),
    encoding: 'utf8',
  });
  expect([stdout.trim(), stderr]).toEqual([
    JSON.stringify({ before: false, after: true, counted: true }),
    expect.anything(),
  ]);
}, 60_000);
