import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { TestGateway } from '@cliproxy/plugin-testkit';
import { startEchoGateway } from './sdks/echo-gateway.ts';
import { startVendor } from './logins/vendor.ts';
import type { Vendor } from './logins/vendor.ts';

/** One request of a route, or what is wrong with one. */
interface Sample {
  readonly route: string;
  readonly path?: string;
  readonly body?: object;
}

/** A request of an operator. */
interface OperatorSample {
  readonly route: string;
  readonly body?: () => object;
  readonly query?: () => Promise<string>;
  /** True: to another address, by 303. */
  readonly leads?: boolean;
}

/** How a request differs from a right one. */
interface Wrong {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  // The DOM's own type has null for none.
  readonly body?: string | null;
}

let gateway: TestGateway;
let vendor: Vendor;
let routes: readonly string[];
const ajv = new Ajv2020({ strict: false });

beforeAll(async () => {
  vendor = await startVendor();
  const signIn = path.join(import.meta.dirname, 'logins', 'sign-in');
  gateway = await startEchoGateway([
    { package: signIn, instanceId: 'acme', config: { baseUrl: vendor.url } },
  ]);
  const document = (await (await gateway.ask('/openapi.json')).json()) as {
    readonly paths: Readonly<Record<string, object>>;
  };
  ajv.addSchema(document, 'openapi');
  routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
});
afterAll(async () => {
  await gateway.stop();
  await vendor.close();
});

/** What the document's schema at a place says against a value. */
function faults(value: unknown, ...place: readonly string[]): unknown {
  const pointer = place.map((step) =>
    encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1')),
  );
  const validate = ajv.getSchema(`openapi#/${pointer.join('/')}`);
  if (validate === undefined) throw new Error(`nothing at ${place.join(' > ')}`);
  return validate(value) === true ? [] : validate.errors;
}

const asked = [{ role: 'user', content: 'one two' }];
const chat = { model: 'echo', messages: asked };
const prompt = { model: 'echo', prompt: 'one two' };
const responses = { model: 'echo', input: 'one two' };
const messages = { ...chat, max_tokens: 9 };
const gemini = { contents: [{ role: 'user', parts: [{ text: 'one two' }] }] };
const stream = { stream: true };

const ofGemini = (collection: string): readonly Sample[] => [
  { route: `post ${collection}/{model}:generateContent`, body: gemini },
  { route: `post ${collection}/{model}:streamGenerateContent`, body: gemini },
  {
    route: `post ${collection}/{model}:streamGenerateContent`,
    path: `${collection}/echo:streamGenerateContent?alt=sse`,
    body: gemini,
  },
  { route: `post ${collection}/{model}:countTokens`, body: gemini },
];

const samples: readonly Sample[] = [
  { route: 'post /v1/chat/completions', body: chat },
  {
    route: 'post /v1/chat/completions',
    body: { ...chat, ...stream, stream_options: { include_usage: true } },
  },
  { route: 'post /v1/completions', body: prompt },
  { route: 'post /v1/completions', body: { ...prompt, ...stream } },
  { route: 'post /v1/responses', body: responses },
  { route: 'post /v1/responses', body: { ...responses, ...stream } },
  { route: 'post /v1/responses/input_tokens', body: responses },
  { route: 'post /v1/embeddings', body: responses },
  { route: 'post /v1/embeddings', body: { ...responses, encoding_format: 'base64' } },
  { route: 'post /v1/messages', body: messages },
  { route: 'post /v1/messages', body: { ...messages, ...stream } },
  { route: 'post /v1/messages/count_tokens', body: chat },
  ...ofGemini('/v1beta/models'),
  ...ofGemini('/v1/models'),
  ...ofGemini('/v1beta'),
  { route: 'get /v1/models' },
  { route: 'get /v1/models/{model}' },
  { route: 'get /v1beta/models' },
  { route: 'get /v1beta/models/{model}' },
  { route: 'get /v1/health' },
  { route: 'get /v1/health/deep' },
  { route: 'get /livez' },
  { route: 'get /readyz' },
  { route: 'get /v1/routes/explain', path: '/v1/routes/explain?model=echo' },
  { route: 'get /metrics' },
  { route: 'get /openapi.json' },
  { route: 'get /' },
];

/** In this order: each goes on from what those before it did. */
const operatorSamples: readonly OperatorSample[] = [
  { route: 'post /v1/auth/{instance}/login', body: () => ({ token: vendor.copyToken() }) },
  { route: 'post /v1/auth/{instance}', body: () => ({ token: vendor.copyToken() }) },
  { route: 'get /v1/auth/{instance}/status' },
  { route: 'get /v1/accounts' },
  { route: 'post /v1/accounts/reset', body: () => ({ account: 'acme/ada' }) },
  { route: 'delete /v1/auth/{instance}' },
  {
    route: 'post /v1/auth/{instance}/login',
    body: () => ({ callbackUrl: `${gateway.url}/v1/auth/acme/callback` }),
  },
  { route: 'get /v1/auth/{instance}/callback', query: queryOfCallback },
  { route: 'post /v1/auth/{instance}/ticket' },
  { route: 'get /v1/auth/{instance}/login', leads: true },
  { route: 'delete /v1/auth/{instance}/login' },
  { route: 'post /v1/plugins/{instance}/reload' },
  { route: 'post /v1/config/reload' },
  { route: 'post /v1/sockets/{instance}/ticket' },
];

/** What the vendor sends the browser of the newest login back with. */
async function queryOfCallback(): Promise<string> {
  const reply = await gateway.ask('/v1/auth/acme/status', { admin: true });
  const { login } = (await reply.json()) as { readonly login: { readonly url: string } };
  const { headers } = await fetch(login.url, { redirect: 'manual' });
  return new URL(headers.get('location') ?? '').search;
}

const placeOf = ({ route }: { readonly route: string }): [string, string, string] => {
  const [method = '', path = ''] = route.split(' ');
  return ['paths', path, method];
};
const send = (sample: Sample, query = ''): Promise<Response> => {
  const [, path] = placeOf(sample);
  const { body } = sample;
  const admin = path.endsWith('/explain') || path === '/metrics';
  return gateway.ask((sample.path ?? path.replace('{model}', 'echo')) + query, {
    admin,
    ...(body === undefined ? {} : { body }),
  });
};

test('there is a sample of every route', () => {
  const sampled = [...samples, ...operatorSamples].map(({ route }) => route);
  expect([...new Set(sampled)].sort()).toEqual([...routes].sort());
});

test('what operators send and what comes back is as the document says', async () => {
  for (const sample of operatorSamples) {
    const { route, body, query, leads = false } = sample;
    const place = placeOf(sample);
    const sent = body?.();
    if (sent !== undefined) {
      const at = [...place, 'requestBody', 'content', 'application/json', 'schema'];
      expect([route, faults(sent, ...at)]).toEqual([route, []]);
    }
    const address = place[1].replace('{instance}', 'acme') + ((await query?.()) ?? '');
    const reply = await fetch(gateway.url + address, {
      method: place[2].toUpperCase(),
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${gateway.adminKey}`,
        ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
    });
    expect([route, reply.status]).toEqual([route, leads ? 303 : 200]);
    if (leads) continue;
    const type = reply.headers.get('content-type')?.split(';')[0] ?? '';
    const value: unknown = type === 'text/html' ? await reply.text() : await reply.json();
    const found = faults(value, ...place, 'responses', '200', 'content', type, 'schema');
    expect([route, found]).toEqual([route, []]);
  }
});

describe('what is sent and what comes back is as the document says', () => {
  test.each(samples)('$route $path $body', async (sample) => {
    const place = placeOf(sample);
    if (sample.body !== undefined) {
      const at = [...place, 'requestBody', 'content', 'application/json', 'schema'];
      expect(faults(sample.body, ...at)).toEqual([]);
    }
    const reply = await send(sample);
    expect([reply.status, reply.headers.has('x-request-id')]).toEqual([200, true]);
    const type = reply.headers.get('content-type')?.split(';')[0] ?? '';
    const at = [...place, 'responses', '200', 'content', type];
    if (type !== 'text/event-stream') {
      const value: unknown = type === 'text/plain' ? await reply.text() : await reply.json();
      expect(faults(value, ...at, 'schema')).toEqual([]);
      return;
    }
    const events = [...(await reply.text()).matchAll(/^data: (.*)$/gmu)].map(([, data]) => data);
    expect(events.length).toBeGreaterThan(1);
    for (const data of events) {
      if (data !== '[DONE]') expect(faults(JSON.parse(data ?? ''), ...at, 'x-event')).toEqual([]);
    }
  });
});

describe('errors are as the document says', () => {
  const asking = samples.filter(({ body }) => body !== undefined);
  const wrongs: readonly [string, number, Wrong][] = [
    ['malformed JSON', 400, { body: '{"model":' }],
    ['a missing member', 400, { body: '{"model":"echo"}' }],
    ['another type', 415, { headers: { 'content-type': 'text/plain' } }],
    ['no key', 401, { headers: { authorization: '' } }],
    ['another method', 405, { method: 'DELETE', body: null }],
    ['too long a body', 413, { body: `{"x":"${'x'.repeat(33 * 1024 * 1024)}"}` }],
  ];
  describe.each(wrongs)('%s', (_name, status, wrong) => {
    const routesOnce = new Map(asking.map((sample) => [sample.route, sample]));
    test.each([...routesOnce.values()])('$route', async (sample) => {
      const place = placeOf(sample);
      const reply = await fetch(gateway.url + place[1].replace('{model}', 'echo'), {
        method: 'POST',
        body: JSON.stringify(sample.body),
        ...wrong,
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${gateway.apiKey}`,
          ...wrong.headers,
        },
      });
      const error: unknown = await reply.json();
      // OpenAI asks for no input.
      const excused =
        sample.route === 'post /v1/responses' || sample.route.endsWith('input_tokens');
      if (status !== 400 || !excused) expect([reply.status, error]).toEqual([status, error]);
      const at = [...place, 'responses', 'default', 'content', 'application/json', 'schema'];
      if (reply.status >= 400) expect(faults(error, ...at)).toEqual([]);
    });
  });

  test('an unknown model is named', async () => {
    for (const sample of asking) {
      const { body } = sample;
      const path = placeOf(sample)[1].replace('{model}', 'nobody');
      const reply = await gateway.ask(path, { body: { ...body, model: 'nobody' } });
      const error = (await reply.json()) as { error: { message: string } };
      expect([sample.route, reply.status]).toEqual([sample.route, 404]);
      expect(error.error.message).toContain('nobody');
      const at = [...placeOf(sample), 'responses', 'default', 'content', 'application/json'];
      expect(faults(error, ...at, 'schema')).toEqual([]);
    }
  });
});
