import { GoogleGenAI } from '@google/genai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { startVendor } from '@cliproxy/plugin-testkit';
import type { TestGateway, Vendor } from '@cliproxy/plugin-testkit';
import { openPageV1, PAGE_KEY } from './page-v1.ts';
import type { TestPage } from './page-v1.ts';
import { openPageV2, tokenCredential } from './page-v2.ts';
import { RELAY_TOKEN, startRelayGateway, until, untilPages } from './relay-gateway.ts';

const model = 'gemini-2-flash-aistudio';
let vendor: Vendor;
let gateway: TestGateway;
let pages: TestPage[] = [];

beforeAll(async () => {
  vendor = await startVendor('gemini', {
    apiKey: PAGE_KEY,
    secrets: ['test-client-key-0123456789', RELAY_TOKEN],
  });
  gateway = await startRelayGateway(vendor.url);
});
afterEach(async () => {
  for (const { socket } of pages) socket.terminate();
  pages = [];
  await untilPages(gateway, 0);
});
afterAll(async () => {
  await gateway.stop();
  await vendor.close();
});

const open = {
  1: () => openPageV1({ gateway: gateway.url, token: RELAY_TOKEN }),
  2: () => openPageV2({ gateway: gateway.url, credential: tokenCredential(RELAY_TOKEN) }),
};
const openai = (): OpenAI =>
  new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.apiKey, maxRetries: 0 });
const genai = (): GoogleGenAI =>
  new GoogleGenAI({
    apiKey: gateway.apiKey,
    httpOptions: {
      baseUrl: gateway.url,
      retryOptions: { attempts: 1 },
      fetch: (url, init: RequestInit = {}) => {
        delete init.dispatcher;
        return fetch(url, init);
      },
    },
  });

describe.each([1, 2] as const)('through a page of version %s', (version) => {
  const page = async (): Promise<TestPage> => {
    const opened = await open[version]();
    pages.push(opened);
    await untilPages(gateway, 1);
    return opened;
  };

  test('answers come whole and streamed, in the words of both SDKs', async () => {
    const { asked } = await page();
    const whole = await openai().chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'Grüße, 世界 🌍' }],
    });
    expect(whole.model).toBe(model);
    expect(whole.choices[0]?.message.content).not.toBe('');
    let text = '';
    const stream = await openai().chat.completions.create({
      model,
      stream: true,
      messages: [{ role: 'user', content: 'Grüße, 世界 🌍' }],
    });
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? '';
    expect(text).toBe(whole.choices[0]?.message.content);
    const native = await genai().models.generateContent({ model, contents: 'Grüße, 世界 🌍' });
    expect([native.text, native.modelVersion]).toEqual([text, model]);
    const count = await genai().models.countTokens({ model, contents: 'one two' });
    expect(count.totalTokens).toBeGreaterThan(0);
    expect(asked.some((url) => url.endsWith('/gemini-2-flash:streamGenerateContent?alt=sse'))).toBe(
      true,
    );
    expect(vendor.violations).toEqual([]);
  });

  test('no credential of a client reaches the page', async () => {
    const { headers } = await page();
    await openai().chat.completions.create({ model, messages: [{ role: 'user', content: 'x' }] });
    expect(JSON.stringify(headers)).not.toContain(gateway.apiKey);
    expect(headers.flatMap((one) => Object.keys(one))).not.toContain('authorization');
  });

  test('a client that leaves ends the request in the page', async () => {
    const silent =
      version === 1
        ? await openPageV1({ gateway: gateway.url, token: RELAY_TOKEN, silent: true })
        : await openPageV2({
            gateway: gateway.url,
            credential: tokenCredential(RELAY_TOKEN),
            silent: true,
          });
    pages.push(silent);
    await untilPages(gateway, 1);
    const leave = new AbortController();
    const asked = openai().chat.completions.create(
      { model, messages: [{ role: 'user', content: 'x' }] },
      { signal: leave.signal },
    );
    await until(() => silent.asked.some((url) => url.includes('generateContent')));
    leave.abort();
    await expect(asked).rejects.toThrow();
    await until(() => silent.cancelled.length > 0);
  });
});
