import { describe, expect, test } from '@jest/globals';
import { CLIENT_KEY, ask, serverRig } from '../../test/fixture.ts';
import { compilePath } from './path-pattern.ts';

const start = serverRig();

describe('what a path asks for', () => {
  test.each([
    ['/v1/chat/completions', 'openai-chat', 'generate'],
    ['/v1/completions', 'openai-chat', 'generate'],
    ['/v1/responses', 'openai-responses', 'generate'],
    ['/v1/responses/input_tokens', 'openai-responses', 'count-tokens'],
    ['/v1/embeddings', 'openai-chat', 'embed'],
    ['/v1/messages', 'anthropic-messages', 'generate'],
    ['/v1/messages?beta=true', 'anthropic-messages', 'generate'],
    ['/v1/messages/count_tokens', 'anthropic-messages', 'count-tokens'],
    ['/v1/messages/count_tokens?beta=true', 'anthropic-messages', 'count-tokens'],
  ])('%s: %s, %s', async (path, dialect, operation) => {
    const gateway = await start();
    const body = JSON.stringify({ model: 'm-1', messages: [], prompt: 'x', input: 'x' });
    expect((await ask(gateway, path, { body })).status).toBe(200);
    const facts = gateway.kernel.calls[0]?.request.facts;
    expect(facts).toMatchObject({ dialect, operation, model: 'm-1' });
  });

  test.each([
    ['/v1beta/models/m-1', 'm-1'],
    ['/v1/models/m-1', 'm-1'],
    ['/v1beta/models/models/m-1', 'm-1'],
    ['/v1beta/models/models%2Fm-1', 'm-1'],
    ['/v1beta/models/moonshotai/kimi-k2', 'moonshotai/kimi-k2'],
    ['/v1beta/models/moonshotai%2Fkimi-k2', 'moonshotai/kimi-k2'],
    ['/v1beta/models/llama3:8b', 'llama3:8b'],
    ['/v1beta/models/llama3%3A8b', 'llama3:8b'],
    ['/v1beta/models/%C3%BCn%C3%AFcode%20%2541', 'ünïcode %41'],
    ['/v1beta/tunedModels/my-own', 'tunedModels/my-own'],
    ['/v1beta/moonshotai/kimi-k2', 'moonshotai/kimi-k2'],
  ])("Gemini's methods of %s", async (path, model) => {
    const gateway = await start();
    for (const [verb, operation, stream] of [
      ['generateContent', 'generate', false],
      ['streamGenerateContent?alt=sse', 'generate', true],
      [`streamGenerateContent?key=${CLIENT_KEY}&alt=sse`, 'generate', true],
      ['countTokens', 'count-tokens', false],
    ] as const) {
      // What stands in the body beside the path is not believed.
      const body = JSON.stringify({ contents: [], model: 'models/other', stream: !stream });
      const got = await ask(gateway, `${path}:${verb}`, { body });
      expect([verb, got.status]).toEqual([verb, 200]);
      const facts = gateway.kernel.calls.at(-1)?.request.facts;
      expect(facts).toMatchObject({ dialect: 'gemini', operation, model, stream });
    }
  });

  test('a method that Gemini does not have here is a 404 that names it and those there are', async () => {
    const gateway = await start();
    for (const base of ['/v1beta/models/m-1', '/v1beta/models/a/b', '/v1beta/tunedModels/t']) {
      for (const verb of ['embedContent', 'predict', '8b']) {
        const { status, json } = await ask(gateway, `${base}:${verb}`, { body: '{}' });
        expect([verb, status]).toEqual([verb, 404]);
        expect(json.error.message).toContain(`no method "${verb}"`);
        expect(json.error.message).toContain(
          'use generateContent or streamGenerateContent or countTokens',
        );
      }
    }
    const wrong = await ask(gateway, '/v1beta/models/m-1:generateContent', { method: 'PUT' });
    expect([wrong.status, wrong.headers.allow]).toEqual([405, 'POST, GET, HEAD, OPTIONS']);
    const alt = await ask(gateway, '/v1beta/models/m-1:streamGenerateContent?alt=proto', {
      body: '{}',
    });
    expect(alt.json.error.message).toContain('is not one of json, sse');
    const odd = await ask(gateway, '/v1beta/models/%ff:generateContent', { body: '{}' });
    expect([odd.status, odd.json.error.code]).toEqual([400, 'CLIENT_BAD_REQUEST']);
    expect(gateway.kernel.calls).toEqual([]);
  });
});

describe('the top level of a body', () => {
  const chat = { model: 'm-1', messages: [] };
  const prompt = { model: 'm-1', prompt: 'x' };
  const gemini = '/v1beta/models/m-1';
  test.each<[string, object, string]>([
    ['/v1/chat/completions', { model: 'm-1' }, '`messages` is missing.'],
    [
      '/v1/chat/completions',
      { ...chat, messages: 'x' },
      '`messages` must be an array, not a string.',
    ],
    ['/v1/chat/completions', { ...chat, messages: null }, '`messages` must be an array, not null.'],
    ['/v1/chat/completions', { ...chat, n: '1' }, '`n` must be a whole number, not a string.'],
    ['/v1/chat/completions', { ...chat, tools: {} }, '`tools` must be an array, not an object.'],
    [
      '/v1/chat/completions',
      { ...chat, stop: 1 },
      '`stop` must be a string or an array, not a number.',
    ],
    ['/v1/completions', { model: 'm-1' }, '`prompt` is missing.'],
    ['/v1/completions', { ...prompt, echo: 1 }, '`echo` must be true or false, not a number.'],
    [
      '/v1/responses',
      { model: 'm-1', input: 5 },
      '`input` must be a string or an array, not a number.',
    ],
    ['/v1/embeddings', { model: 'm-1' }, '`input` is missing.'],
    ['/v1/messages', { model: 'm-1' }, '`messages` is missing.'],
    [
      '/v1/messages',
      { ...chat, system: {} },
      '`system` must be a string or an array, not an object.',
    ],
    ['/v1/messages/count_tokens', { model: 'm-1' }, '`messages` is missing.'],
    [`${gemini}:generateContent`, {}, '`contents` is missing.'],
    [
      `${gemini}:streamGenerateContent`,
      { contents: 'x' },
      '`contents` must be an array or an object, not a string.',
    ],
    [`${gemini}:countTokens`, {}, '`contents` is missing.'],
  ])('%s with %j: %s', async (path, body, sentence) => {
    const gateway = await start();
    const got = await ask(gateway, path, { body: JSON.stringify(body) });
    expect([got.status, got.json.error.message]).toEqual([400, sentence]);
    expect(gateway.kernel.calls).toEqual([]);
  });

  test('optional members may be null, unknown ones anything', async () => {
    const gateway = await start();
    const body = JSON.stringify({ ...chat, stop: null, n: null, tools: null, vendor_extra: [1] });
    expect((await ask(gateway, '/v1/chat/completions', { body })).status).toBe(200);
    for (const key of ['generateContentRequest', 'generate_content_request']) {
      const counted = { body: JSON.stringify({ [key]: {} }) };
      expect((await ask(gateway, `${gemini}:countTokens`, counted)).status).toBe(200);
    }
  });
});

describe('models', () => {
  test('in Gemini shape, page by page', async () => {
    const gateway = await start();
    const page = async (query: string): Promise<[string[], string | undefined]> => {
      const { json } = await ask(gateway, `/v1beta/models?${query}`);
      return [json.models.map(({ name }: { name: string }) => name), json.nextPageToken];
    };
    expect(await page('')).toEqual([
      ['models/m-1', 'models/moonshotai/kimi-k2', 'models/ünïcode %41'],
      undefined,
    ]);
    const [first, token = ''] = await page('pageSize=2');
    expect(first).toEqual(['models/m-1', 'models/moonshotai/kimi-k2']);
    expect(await page(`pageSize=2&pageToken=${token}`)).toEqual([
      ['models/ünïcode %41'],
      undefined,
    ]);
    expect(await page('pageSize=3&pageToken=')).toEqual([expect.anything(), undefined]);
    for (const wrong of ['pageSize=0', 'pageSize=x', 'pageToken=x']) {
      expect((await ask(gateway, `/v1beta/models?${wrong}`)).status).toBe(400);
    }
  });

  test('one, by its name with and without models/', async () => {
    const gateway = await start();
    for (const path of ['m-1', 'models/m-1', 'models%2Fm-1']) {
      expect((await ask(gateway, `/v1beta/models/${path}`)).json).toEqual({
        name: 'models/m-1',
        displayName: 'One',
        inputTokenLimit: 1000,
        outputTokenLimit: 100,
        supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'countTokens'],
      });
    }
    const lost = await ask(gateway, '/v1beta/models/no-such');
    expect([lost.status, lost.json.error.message]).toEqual([
      404,
      expect.stringContaining('"no-such"'),
    ]);
  });

  test('under /v1 in the shape of whichever SDK asks', async () => {
    const gateway = await start();
    const keys = async (headers: Record<string, string>): Promise<string[]> =>
      Object.keys((await ask(gateway, '/v1/models', { headers })).json);
    expect(await keys({})).toEqual(['object', 'data']);
    expect(await keys({ 'anthropic-version': '2023-06-01' })).toContain('has_more');
    expect(await keys({ 'x-goog-api-client': 'google-genai-sdk/2' })).toEqual(['models']);
  });
});

describe('a path pattern', () => {
  test('fits what it says and nothing else', () => {
    const verb = compilePath('/m/{model}:go');
    expect(verb.valueIn('/m/a%20b/c:go')).toBe('a b/c');
    expect(verb.fits('/m/:go')).toBe(false);
    expect(verb.fits('/m/a:gone')).toBe(false);
    expect(verb.fits('/n/a:go')).toBe(false);
    const rest = compilePath('/m/{id}');
    expect(rest.valueIn('/m/a/b')).toBe('a/b');
    expect(rest.fits('/m/')).toBe(false);
    const plain = compilePath('/m');
    expect([plain.fits('/m'), plain.fits('/m/'), plain.valueIn('/m')]).toEqual([
      true,
      false,
      undefined,
    ]);
  });
});
