import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import type { LanguageModel, ModelMessage } from 'ai';
import { startTestGateway, startVendor } from '@cliproxy/plugin-testkit';
import type { TestGateway, Vendor, VendorMessage } from '@cliproxy/plugin-testkit';
import chatgpt from '@cliproxy/plugin-llmux-chatgpt';
import claude from '@cliproxy/plugin-llmux-claude';

/* With its default settings the SDK sends back what the model said by reference alone. */

let anthropic: Vendor;
let openai: Vendor;
let gateway: TestGateway;

const keys = { one: 'first-client-key-0123456789', other: 'other-client-key-0123456789' };

const mounted = (id: string, plugin: typeof claude, baseUrl: string) => ({
  plugin,
  packageJson: new URL(`../../plugins/${id}/package.json`, import.meta.url),
  config: { baseUrl, apiKeys: [`sk-${id}-0123456789`] },
});

async function start(server: object = {}): Promise<void> {
  gateway = await startTestGateway({
    plugins: [
      mounted('llmux-claude', claude, anthropic.url),
      mounted('llmux-chatgpt', chatgpt, openai.url),
    ],
    config: {
      server: { port: 0, apiKeys: Object.values(keys), drainMs: 1000, ...server },
    },
  });
}

beforeEach(async () => {
  anthropic = await startVendor('anthropic-messages');
  openai = await startVendor('openai-responses');
  await start();
});

afterEach(async () => {
  await gateway.stop();
  await anthropic.close();
  await openai.close();
});

interface Body {
  readonly input: readonly Readonly<Record<string, unknown>>[];
}

/** What the SDK sent, in their order. */
let sent: Body[] = [];

function model(name: string, apiKey = keys.one): LanguageModel {
  sent = [];
  return createOpenAI({
    baseURL: `${gateway.url}/v1`,
    apiKey,
    fetch: (url, init) => {
      sent.push(JSON.parse(init?.body as string) as Body);
      return fetch(url, init);
    },
  }).responses(name);
}

const references = (): readonly unknown[] =>
  sent.at(-1)?.input.filter(({ type }) => type === 'item_reference') ?? [];

const asked = ({ requests }: Vendor) => requests.filter(({ method }) => method === 'POST');
const lastOf = (vendor: Vendor) => asked(vendor).at(-1)?.body as Record<string, unknown>;

const tools = {
  weather: tool({
    description: 'Tells the weather.',
    inputSchema: jsonSchema<{ city: string }>({
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
    }),
    execute: ({ city }) => `It rains in ${city}.`,
  }),
};

const call = (city: string) =>
  ({ type: 'tool-call', name: 'weather', arguments: { city } }) as const;
const thought = (text: string) => ({ type: 'reasoning', text }) as const;
const said = (text: string) => ({ type: 'text', text }) as const;

/** The SDK knows OpenAI's models that reason by their names, and is told of others. */
const thinking = {
  providerOptions: { openai: { reasoningEffort: 'medium', forceReasoning: true } },
} as const;

describe('a loop of tools', () => {
  const steps: readonly VendorMessage[] = [
    { parts: [thought('First Oslo.'), said('I look.'), call('Oslo')] },
    { parts: [thought('Now Rome.'), call('Rome'), call('Bonn')] },
    { parts: [thought('All known.'), said('It rains everywhere.')] },
  ];
  const question = {
    prompt: 'Where does it rain?',
    tools,
    stopWhen: stepCountIs(5),
    ...thinking,
  };

  test.each(['whole', 'streamed'])('%s', async (form) => {
    anthropic.script(...steps);
    const request = { model: model('claude-sonnet-4-5'), ...question };
    if (form === 'whole') {
      expect((await generateText(request)).text).toBe('It rains everywhere.');
    } else {
      expect(await streamText(request).text).toBe('It rains everywhere.');
    }
    expect(references()).toHaveLength(3);
    expect(anthropic.violations).toEqual([]);
    expect(lastOf(anthropic).messages).toMatchObject([
      { role: 'user' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'First Oslo.' },
          { type: 'text', text: 'I look.' },
          { type: 'tool_use', input: { city: 'Oslo' } },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result', content: 'It rains in Oslo.' }] },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Now Rome.' },
          { type: 'tool_use', input: { city: 'Rome' } },
          { type: 'tool_use', input: { city: 'Bonn' } },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result' }, { type: 'tool_result' }] },
    ]);
  });
});

describe('a conversation', () => {
  const first: ModelMessage = { role: 'user', content: 'Where are you?' };
  const next: ModelMessage = { role: 'user', content: 'And now?' };

  /** The first answer, as the SDK remembers it. */
  async function begun(name: string, options: object = {}): Promise<readonly ModelMessage[]> {
    const { response } = await generateText({ model: model(name), messages: [first], ...options });
    return [first, ...response.messages, next];
  }

  test('of which the SDK knows no reasoning', async () => {
    anthropic.script({ parts: [said('In Oslo.')] }, { parts: [said('In Rome.')] });
    const messages = [...(await begun('claude-haiku-4-5'))];
    const answer = await generateText({ model: model('claude-haiku-4-5'), messages });
    expect(answer.text).toBe('In Rome.');
    expect(references()).toHaveLength(1);
    expect(lastOf(anthropic).messages).toMatchObject([
      { content: [{ text: 'Where are you?' }] },
      { role: 'assistant', content: [{ text: 'In Oslo.' }] },
      { content: [{ text: 'And now?' }] },
    ]);
  });

  test('goes on with a model of OpenAI', async () => {
    anthropic.script({ parts: [thought('Hm.'), said('In Oslo.')] });
    openai.script({ parts: [said('In Rome.')] });
    const messages = [...(await begun('claude-sonnet-4-5', thinking))];
    const answer = await generateText({ model: model('gpt-5'), messages });
    expect(answer.text).toBe('In Rome.');
    expect(references()).toHaveLength(2);
    expect(openai.violations).toEqual([]);
    const { input } = lastOf(openai) as unknown as Body;
    expect(input.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(JSON.stringify(input)).not.toMatch(/item_reference|cpx1|Hm\./);
  });

  test('that OpenAI keeps stays a matter of OpenAI', async () => {
    openai.script({ parts: [thought('Hm.'), said('In Oslo.')] }, { parts: [said('In Rome.')] });
    const messages = [...(await begun('gpt-5'))];
    await generateText({ model: model('gpt-5'), messages });
    expect(openai.violations).toEqual([]);
    expect(references()).toHaveLength(2);
    expect(lastOf(openai)).toEqual(sent.at(-1));
  });

  test.each<[string, () => Promise<string>]>([
    ['of another client', () => Promise.resolve(keys.other)],
    [
      'before the gateway was started again',
      async () => {
        await gateway.stop();
        await start();
        return keys.one;
      },
    ],
  ])('%s is unknown, and what to do is said', async (_, keyOf) => {
    anthropic.script({ parts: [said('In Oslo.')] });
    const messages = [...(await begun('claude-haiku-4-5'))];
    const key = await keyOf();
    await expect(
      generateText({ model: model('claude-haiku-4-5', key), messages }),
    ).rejects.toMatchObject({
      statusCode: 400,
      message: expect.stringMatching(/`input\[item_reference\]` .* `store: false`/),
    });
    expect(asked(anthropic)).toHaveLength(1);
  });

  test('is not kept where the operator wants none kept', async () => {
    await gateway.stop();
    await start({ keepItemsMb: 0 });
    anthropic.script({ parts: [said('In Oslo.')] });
    const messages = [...(await begun('claude-haiku-4-5'))];
    await expect(
      generateText({ model: model('claude-haiku-4-5'), messages }),
    ).rejects.toMatchObject({ statusCode: 400 });
  });

  test('needs nothing kept where the client says so', async () => {
    anthropic.script({ parts: [thought('Hm.'), said('In Oslo.')] });
    const openaiOptions = { ...thinking.providerOptions.openai, store: false };
    const options = { providerOptions: { openai: openaiOptions } };
    const messages = [...(await begun('claude-sonnet-4-5', options))];
    await generateText({ model: model('claude-sonnet-4-5'), messages, ...options });
    expect(references()).toEqual([]);
    expect(anthropic.violations).toEqual([]);
    expect(lastOf(anthropic).messages).toMatchObject([
      {},
      { content: [{ type: 'thinking' }, { type: 'text' }] },
      {},
    ]);
    // By reference all the same, it would not be found.
    await expect(
      generateText({ model: model('claude-sonnet-4-5'), messages, ...thinking }),
    ).rejects.toMatchObject({ statusCode: 400 });
  });
});
