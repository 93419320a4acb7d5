import { afterEach, describe, expect, test } from '@jest/globals';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { startTestGateway, startWebai } from '@cliproxy/plugin-testkit';
import type {
  TestGateway,
  WebaiAnswer,
  WebaiKind,
  WebaiService,
  WebaiServiceOptions,
} from '@cliproxy/plugin-testkit';
import plugin from './index.ts';

let service: WebaiService;
let gateway: TestGateway | undefined;

const MODEL = 'webai-gemini-2.5-flash';
const KINDS: readonly WebaiKind[] = ['webai', 'legacy', 'g4f', 'plain'];

async function start(
  kind: WebaiKind,
  config: object = {},
  options: WebaiServiceOptions = {},
): Promise<TestGateway> {
  service = await startWebai(kind, options);
  gateway = await startTestGateway({
    plugins: [
      {
        plugin,
        packageJson: new URL('../package.json', import.meta.url),
        config: { baseUrl: service.url, ...config },
      },
    ],
  });
  await listed(gateway);
  return gateway;
}

afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
  expect(service.violations).toEqual([]);
  await service.close();
});

/** Waits for the background's list; until then only unlisted names are served. */
async function listed(to: TestGateway): Promise<readonly string[]> {
  const until = Date.now() + 20_000;
  for (;;) {
    const list = (await (await to.ask('/v1/models')).json()) as { data: { id: string }[] };
    if (list.data.length > 0) return list.data.map(({ id }) => id);
    if (Date.now() > until) throw new Error(`no models were listed: ${to.log()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const openai = (to: TestGateway): OpenAI =>
  new OpenAI({ baseURL: `${to.url}/v1`, apiKey: to.apiKey, maxRetries: 0 });
const anthropic = (to: TestGateway): Anthropic =>
  new Anthropic({ baseURL: to.url, apiKey: to.apiKey, maxRetries: 0 });

const hi = [{ role: 'user', content: 'Hi' }] as const;

async function streamed(to: TestGateway, body: object = {}): Promise<string> {
  const stream = await openai(to).chat.completions.create({
    model: MODEL,
    messages: [...hi],
    stream: true,
    ...body,
  });
  let text = '';
  let finish: string | null = null;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    finish = chunk.choices[0]?.finish_reason ?? finish;
  }
  return `${text} (${finish})`;
}

describe.each(KINDS)('%s', (kind) => {
  test("answers OpenAI's SDK, with a stream and without", async () => {
    const to = await start(kind);
    const whole = await openai(to).chat.completions.create({ model: MODEL, messages: [...hi] });
    expect(whole).toMatchObject({
      object: 'chat.completion',
      model: MODEL,
      choices: [{ message: { content: 'Hello there' }, finish_reason: 'stop' }],
    });
    expect(await streamed(to)).toBe('Hello there (stop)');
    expect(service.chats.map(({ model, stream }) => [model, stream])).toEqual([
      ['gemini-2.5-flash', false],
      ['gemini-2.5-flash', true],
    ]);
  });

  test("answers Anthropic's SDK, with a stream and without", async () => {
    const to = await start(kind);
    const question = { model: MODEL, max_tokens: 100, messages: [...hi] };
    const whole = await anthropic(to).messages.create(question);
    expect(whole.content).toMatchObject([{ type: 'text', text: 'Hello there' }]);
    expect(whole.stop_reason).toBe('end_turn');
    const final = await anthropic(to).messages.stream(question).finalMessage();
    expect(final.content).toMatchObject([{ type: 'text', text: 'Hello there' }]);
    expect(final.stop_reason).toBe('end_turn');
  });

  test('serves a conversation, with what the system and the developer say', async () => {
    const to = await start(kind);
    await openai(to).chat.completions.create({
      model: MODEL,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'developer', content: 'Be kind.' },
        { role: 'user', content: 'One?' },
        { role: 'assistant', content: 'Two.' },
        { role: 'user', content: [{ type: 'text', text: 'Three?' }] },
      ],
    });
    const said = JSON.stringify(service.chats[0]?.body['messages']);
    for (const text of ['Be brief.', 'Be kind.', 'One?', 'Two.', 'Three?']) {
      expect(said).toContain(text);
    }
  });

  test('tells of an error in its own form', async () => {
    const to = await start(kind);
    service.answer({ status: 500, message: 'the web page has changed' });
    await expect(streamed(to)).rejects.toMatchObject({
      status: 502,
      message: expect.stringContaining('the web page has changed'),
    });
  });

  test('is down as long as it does not answer, and its models are not offered', async () => {
    const to = await start(kind);
    const probe = async (): Promise<string> =>
      (await to.ask('/v1/health/deep', { admin: true })).text();
    const models = async (): Promise<string> => (await to.ask('/v1/models')).text();
    expect(await probe()).toContain('"probe":"service","status":"up"');
    service.fail(500);
    expect(await probe()).toContain('"probe":"service","status":"down"');
    expect(await models()).not.toContain(MODEL);
    const refused = await to.ask('/v1/chat/completions', { body: { model: MODEL, messages: hi } });
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ error: { gateway_code: expect.any(String) } });
    expect(service.chats).toEqual([]);
    service.fail(undefined);
    expect(await probe()).toContain('"probe":"service","status":"up"');
    expect(await models()).toContain(MODEL);
    expect(await streamed(to)).toBe('Hello there (stop)');
  });

  test('a page in the place of an answer is a bad answer', async () => {
    const to = await start(kind);
    service.answer({ status: 200, contentType: 'text/html', body: '<html>log in</html>' });
    await expect(streamed(to)).rejects.toMatchObject({ status: 502 });
  });
});

describe('a stream that broke never looks complete', () => {
  const cases: readonly [WebaiKind, WebaiAnswer][] = [
    ['webai', { texts: ['Hel', 'lo'], ending: 'cut' }],
    ['webai', { texts: ['Hello'], ending: 'cut' }],
    ['webai', { texts: ['Hel', 'lo'], ending: 'reset' }],
    ['g4f', { texts: ['Hel', 'lo'], ending: 'cut' }],
    ['g4f', { texts: ['Hel', 'lo'], ending: 'error' }],
    ['g4f', { texts: ['Hel', 'lo'], ending: 'reset' }],
    ['plain', { texts: ['Hel', 'lo'], ending: 'cut' }],
    ['plain', { texts: ['Hel', 'lo'], ending: 'error' }],
  ];
  test.each(cases)('%s: %j', async (kind, answer) => {
    const to = await start(kind);
    service.answer(answer);
    await expect(streamed(to)).rejects.toThrow();
    service.answer(answer);
    const events = anthropic(to).messages.stream({
      model: MODEL,
      max_tokens: 9,
      messages: [...hi],
    });
    await expect(events.finalMessage()).rejects.toThrow();
  });

  test.each<[WebaiKind, WebaiAnswer]>([
    ['g4f', { texts: ['Hel', 'lo'], withoutFinish: true }],
    ['plain', { texts: ['Hel', 'lo'], withoutFinish: true }],
    ['plain', { texts: ['Hel', 'lo'] }],
    ['webai', { texts: ['Hel', 'lo'] }],
  ])('but one that is odd and whole does: %s %j', async (kind, answer) => {
    const to = await start(kind);
    service.answer(answer);
    expect(await streamed(to)).toBe('Hello (stop)');
  });

  test('snapshots that grow are told once', async () => {
    const to = await start('g4f');
    service.answer({ texts: ['It', ' is', ' so', '.'], growing: true });
    expect(await streamed(to)).toBe('It is so. (stop)');
  });
});

describe('what a service does not take', () => {
  const wishes = {
    temperature: 0.5,
    max_tokens: 5,
    seed: 7,
    user: 'me',
    response_format: { type: 'json_object' },
  } as const;
  test.each<[WebaiKind, string[]]>([
    ['webai', ['max_tokens', 'response_format', 'seed', 'temperature', 'user']],
    ['legacy', ['max_tokens', 'response_format', 'seed', 'temperature', 'user']],
    ['g4f', ['seed', 'user']],
    ['plain', []],
  ])('%s: is left out and named', async (kind, ignored) => {
    const to = await start(kind);
    for (const model of [MODEL, 'webai/gemini-2.5-flash', 'webai-proxy/gemini-2.5-flash']) {
      const body = { model, messages: hi, ...wishes };
      const reply = await to.ask('/v1/chat/completions', { body });
      expect(reply.status).toBe(200);
      const named = reply.headers.get('x-cliproxy-ignored')?.split(', ').sort() ?? [];
      expect(named).toEqual(ignored);
      const strict = { body, headers: { 'x-cliproxy-strict': 'true' } };
      const { status } = await to.ask('/v1/chat/completions', strict);
      expect(status).toBe(ignored.length === 0 ? 200 : 400);
    }
  });

  test('one that is another service now is asked as such, from its next probe on', async () => {
    const to = await start('legacy');
    service.become('g4f');
    await to.ask('/v1/health/deep', { admin: true });
    await openai(to).chat.completions.create({
      model: 'webai/gemini-2.5-flash',
      messages: [{ role: 'system', content: 'Be brief.' }, ...hi],
      temperature: 0.5,
    });
    expect(service.chats[0]?.body).toMatchObject({ temperature: 0.5, messages: [{}, {}] });
  });

  test('compat says what it is; nobody asks', async () => {
    const to = await start('legacy', { compat: 'legacy' });
    expect(await streamed(to)).toBe('Hello there (stop)');
    expect(service.asked).not.toContain('GET /openapi.json');
  });
});

const look = {
  type: 'function',
  function: { name: 'look', parameters: { type: 'object', properties: { x: {} } } },
} as const;
const call: WebaiAnswer = { call: { name: 'look', arguments: { x: 1 } } };

describe('tools', () => {
  test.each<WebaiKind>(['webai', 'g4f'])('%s: a call, with a stream and without', async (kind) => {
    const to = await start(kind);
    service.answer(call);
    for (const stream of [false, true]) {
      const final = openai(to).chat.completions.stream({
        model: MODEL,
        messages: [...hi],
        tools: [look],
      });
      const question = { model: MODEL, messages: [...hi], tools: [look] };
      const message = stream
        ? (await final.finalChatCompletion()).choices[0]?.message
        : (await openai(to).chat.completions.create(question)).choices[0]?.message;
      await final.done().catch(() => undefined);
      expect(message?.tool_calls).toMatchObject([
        { function: { name: 'look', arguments: '{"x":1}' } },
      ]);
    }
  });

  test('legacy: such requests go elsewhere', async () => {
    const to = await start('legacy');
    const body = { model: MODEL, messages: hi, tools: [look] };
    const reply = await to.ask('/v1/chat/completions', { body });
    expect(await reply.json()).toMatchObject({ error: { gateway_code: 'ROUTE_NOT_CAPABLE' } });
  });

  test('g4f: a tool that must be called is the only one', async () => {
    const to = await start('g4f');
    service.answer(call);
    const other = { ...look, function: { ...look.function, name: 'other' } };
    const question = { model: MODEL, messages: [...hi], tools: [other, look] };
    await openai(to).chat.completions.create({
      ...question,
      tool_choice: { type: 'function', function: { name: 'look' } },
      reasoning_effort: 'minimal',
    });
    expect(service.chats[0]?.body).toMatchObject({
      tool_choice: 'required',
      tools: [{ function: { name: 'look' } }],
      reasoning_effort: 'low',
    });
  });
});

describe('images', () => {
  const png = 'data:image/png;base64,iVBORw0KGgo=';
  const asking = (url: string) => ({
    model: MODEL,
    messages: [
      {
        role: 'user' as const,
        content: [
          { type: 'text' as const, text: 'What is it?' },
          { type: 'image_url' as const, image_url: { url } },
        ],
      },
    ],
  });

  test('webai: are files; an address is refused', async () => {
    const to = await start('webai');
    await openai(to).chat.completions.create(asking(png));
    expect(service.chats[0]?.body['messages']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'file', file: { filename: 'image-1.png', file_data: png } },
        ],
      },
    ]);
    await expect(
      openai(to).chat.completions.create(asking('https://a.example/a.png')),
    ).rejects.toMatchObject({ status: 400, message: expect.stringContaining('WebAI-to-API') });
  });

  test('legacy: such requests go elsewhere; for an unlisted model they do, too', async () => {
    const to = await start('legacy');
    for (const model of [MODEL, 'webai/other']) {
      const body = { ...asking(png), model };
      const reply = await to.ask('/v1/chat/completions', { body });
      expect(await reply.json()).toMatchObject({ error: { gateway_code: 'ROUTE_NOT_CAPABLE' } });
    }
  });
});

describe('models', () => {
  test('g4f: providers among them are left out, and no name is that of another vendor', async () => {
    const to = await start('g4f', {}, { models: ['gpt-4o', 'claude-3'] });
    expect(await listed(to)).toEqual(['webai-gpt-4o', 'webai-claude-3']);
    for (const model of ['gpt-4o', 'claude-3', 'gemini-2.5-flash']) {
      const reply = await to.ask('/v1/chat/completions', { body: { model, messages: hi } });
      expect(reply.status).toBe(404);
    }
    expect(service.chats).toEqual([]);
  });

  test('legacy: lists none; its own are known, or those that are configured', async () => {
    expect(await listed(await start('legacy'))).toContain('webai-gemini-2.5-pro');
    await gateway?.stop();
    await service.close();
    const to = await start('legacy', { models: ['gemini-2.5-flash'] });
    expect(await listed(to)).toEqual([MODEL]);
  });

  test('configured ones stand beside the listed, and without a list', async () => {
    const to = await start('plain', { models: ['own'] });
    expect(await listed(to)).toEqual(['webai-own', MODEL]);
  });

  test('webai: those of its browser take no images', async () => {
    const to = await start('webai', {}, { models: ['playwright/gemini-3.5-flash'] });
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
    const body = {
      model: 'webai-playwright/gemini-3.5-flash',
      messages: [{ role: 'user', content: [image] }],
    };
    const reply = await to.ask('/v1/chat/completions', { body });
    expect(await reply.json()).toMatchObject({ error: { gateway_code: 'ROUTE_NOT_CAPABLE' } });
  });
});

describe('readiness of WebAI-to-API', () => {
  test.each([
    ['unused', 'up'],
    ['up', 'up'],
    ['gone', 'down'],
  ] as const)('its browser is %s: %s', async (browser, status) => {
    const to = await start('webai');
    service.webai.browser = browser;
    const text = await (await to.ask('/v1/health/deep', { admin: true })).text();
    expect(text).toContain(`"probe":"service","status":"${status}"`);
  });
});

describe('errors', () => {
  test("one provider's is no fault of the others behind gpt4free", async () => {
    const to = await start('g4f', {}, { models: ['a', 'b'] });
    service.answer({ status: 401, message: 'MissingAuthError: Authentication required' });
    const ask = (model: string) =>
      to.ask('/v1/chat/completions', { body: { model, messages: hi } });
    const refused = await ask('webai-a');
    expect([refused.status, await refused.text()]).toEqual([
      502,
      expect.stringContaining('MissingAuthError'),
    ]);
    service.answer({ texts: ['fine'] });
    expect((await ask('webai-b')).status).toBe(200);
  });

  test('a session that WebAI-to-API lacks is tried again soon: nobody here can log it in', async () => {
    const to = await start('webai');
    service.answer({ status: 401, message: 'Gemini authentication is required.' });
    const ask = () => to.ask('/v1/chat/completions', { body: { model: MODEL, messages: hi } });
    expect((await ask()).status).toBe(502);
    const health = await (await to.ask('/v1/health', { admin: true })).text();
    expect(health).toContain('"state":"cooling"');
    expect(health).not.toContain('needs-login');
  });

  test("FastAPI's refusals are told", async () => {
    const to = await start('webai');
    const body = { model: 'webai/unknown', messages: hi };
    const reply = await to.ask('/v1/chat/completions', { body });
    expect(reply.status).toBe(400);
    expect(await reply.text()).toContain('Unknown model name: unknown');
  });

  test('a key that the service asks for is sent, and never shown', async () => {
    const to = await start(
      'g4f',
      { apiKey: 'the-services-own-key' },
      { apiKey: 'the-services-own-key' },
    );
    expect(await streamed(to)).toBe('Hello there (stop)');
    const health = await (await to.ask('/v1/health/deep', { admin: true })).text();
    expect(health + to.log()).not.toContain('the-services-own-key');
  });

  test('without the key, the health says what to do', async () => {
    service = await startWebai('g4f', { apiKey: 'x' });
    gateway = await startTestGateway({
      plugins: [
        {
          plugin,
          packageJson: new URL('../package.json', import.meta.url),
          config: { baseUrl: `${service.url}/v1/` },
        },
      ],
    });
    const health = await (await gateway.ask('/v1/health/deep', { admin: true })).text();
    expect(health).toContain('set apiKey');
  });
});
