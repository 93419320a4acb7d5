/* eslint-disable @typescript-eslint/no-deprecated -- most programs still call what is to go */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import {
  generateObject,
  generateText,
  jsonSchema,
  Output,
  stepCountIs,
  streamObject,
  streamText,
  tool,
} from 'ai';
import type { LanguageModel } from 'ai';
import { startTestGateway, startVendor } from '@cliproxy/plugin-testkit';
import type { TestGateway, Vendor, VendorMessage } from '@cliproxy/plugin-testkit';
import { API_KEY, PROVIDERS } from '../matrix/pair.ts';

/* Every adapter of the SDK, with its default settings, asks a model of every vendor. */

let gateway: TestGateway;
const vendors = new Map<string, Vendor>();

beforeAll(async () => {
  // Of what an adapter has no word for, it warns.
  globalThis.AI_SDK_LOG_WARNINGS = false;
  for (const { dialect, vendor } of PROVIDERS) {
    vendors.set(dialect, await startVendor(dialect, { apiKey: API_KEY, ...vendor }));
  }
  gateway = await startTestGateway({
    plugins: PROVIDERS.map((provider) => ({
      ...provider.mount(vendors.get(provider.dialect)?.url ?? ''),
      instanceId: provider.dialect,
    })),
  });
});

afterAll(async () => {
  await gateway.stop();
  for (const vendor of vendors.values()) await vendor.close();
});

const openai = () => createOpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.apiKey });

const ADAPTERS: Readonly<Record<string, (model: string) => LanguageModel>> = {
  'openai.chat': (model) => openai().chat(model),
  'openai.responses': (model) => openai()(model),
  anthropic: (model) =>
    createAnthropic({ baseURL: `${gateway.url}/v1`, apiKey: gateway.apiKey })(model),
  google: (model) =>
    createGoogleGenerativeAI({ baseURL: `${gateway.url}/v1beta`, apiKey: gateway.apiKey })(model),
};

const thinking = {
  openai: { reasoningEffort: 'medium', forceReasoning: true, reasoningSummary: 'auto' },
  anthropic: { thinking: { type: 'enabled', budgetTokens: 2048 } },
  google: { thinkingConfig: { includeThoughts: true, thinkingLevel: 'high' } },
} as const;

const tools = {
  weather: tool({
    description: 'Tells the weather.',
    inputSchema: jsonSchema<{ city: string }>({
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    }),
    execute: ({ city }) => ({ rain: true, city }),
  }),
  picture: tool({
    description: 'Shows the sky.',
    inputSchema: jsonSchema<object>({
      type: 'object',
      properties: {},
      additionalProperties: false,
    }),
    execute: () => 'shown',
    toModelOutput: () => ({
      type: 'content',
      value: [
        { type: 'text', text: 'The sky:' },
        { type: 'file-data', data: PNG, mediaType: 'image/png' },
      ],
    }),
  }),
};

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const call = (city: string) =>
  ({ type: 'tool-call', name: 'weather', arguments: { city }, pieces: 2 }) as const;
const thought = (text: string) => ({ type: 'reasoning', text }) as const;
const said = (text: string) => ({ type: 'text', text }) as const;

const STEPS: readonly VendorMessage[] = [
  { parts: [thought('First Oslo.'), said('I look.'), call('Oslo')] },
  { parts: [thought('Now Rome.'), call('Rome'), call('Bonn')] },
  { parts: [thought('And the sky.'), { type: 'tool-call', name: 'picture', arguments: {} }] },
  { parts: [thought('All known.'), said('It rains everywhere.')] },
];

const schema = jsonSchema<{ city: string; rain: boolean }>({
  type: 'object',
  properties: { city: { type: 'string' }, rain: { type: 'boolean' } },
  required: ['city', 'rain'],
  additionalProperties: false,
});
const OBJECT = { city: 'Köln', rain: true };

describe.each(Object.keys(ADAPTERS))('%s', (adapter) => {
  describe.each(PROVIDERS.map(({ dialect, model }) => [dialect, model] as const))(
    'asks %s',
    (dialect, name) => {
      let vendor: Vendor;
      let model: LanguageModel;
      let before: number;

      beforeEach(() => {
        vendor = vendors.get(dialect) as Vendor;
        model = ADAPTERS[adapter]?.(`${dialect}/${name}`) as LanguageModel;
        before = vendor.violations.length;
      });
      const violations = () => vendor.violations.slice(before);

      /** Other vendors refuse a loop without its thoughts; Chat's compatibles just forget them. */
      const checkThoughts = () => {
        if (dialect !== 'openai-chat' || adapter === 'openai.chat') return;
        const { messages } = vendor.requests.at(-1)?.body as { readonly messages: object[] };
        expect(messages.filter((message) => 'reasoning_content' in message)).toMatchObject(
          ['First Oslo.', 'Now Rome.', 'And the sky.'].map((reasoning_content) => ({
            reasoning_content,
          })),
        );
      };

      const loop = () => ({
        model,
        system: 'Be brief.',
        prompt: 'Where does it rain?',
        tools,
        stopWhen: stepCountIs(6),
        maxOutputTokens: 8192,
        maxRetries: 0,
        providerOptions: thinking,
      });

      test('a loop of tools, whole', async () => {
        vendor.script(...STEPS);
        const { text, steps } = await generateText(loop());
        expect(violations()).toEqual([]);
        expect(text).toBe('It rains everywhere.');
        expect(steps.map(({ toolCalls }) => toolCalls.length)).toEqual([1, 2, 1, 0]);
        checkThoughts();
      });

      test('a loop of tools, streamed', async () => {
        vendor.script(...STEPS);
        const errors: unknown[] = [];
        const result = streamText({ ...loop(), onError: ({ error }) => void errors.push(error) });
        await result.consumeStream();
        expect(errors).toEqual([]);
        expect(violations()).toEqual([]);
        expect(await result.text).toBe('It rains everywhere.');
        expect((await result.steps).map(({ toolCalls }) => toolCalls.length)).toEqual([1, 2, 1, 0]);
        checkThoughts();
      });

      test('an object', async () => {
        vendor.script({ parts: [said(JSON.stringify(OBJECT))] });
        // OpenAI wants JSON to be spoken of; to clients of others that is not told.
        const prompt = adapter.startsWith('openai') ? 'Will it rain? In JSON.' : 'Will it rain?';
        const asked = { model, schema, prompt, maxRetries: 0 };
        expect((await generateObject(asked)).object).toEqual(OBJECT);
        const streamed = streamObject(asked);
        for await (const piece of streamed.partialObjectStream) expect(piece).toBeDefined();
        expect(await streamed.object).toEqual(OBJECT);
        const { object } = await generateObject({
          model,
          output: 'no-schema',
          prompt,
          maxRetries: 0,
        });
        expect(object).toEqual(OBJECT);
        expect(violations()).toEqual([]);
      });

      test('an object after tools', async () => {
        vendor.script({ parts: [call('Köln')] }, { parts: [said(JSON.stringify(OBJECT))] });
        const { output } = await generateText({
          ...loop(),
          providerOptions: {},
          output: Output.object({ schema }),
        });
        expect(output).toEqual(OBJECT);
        expect(violations()).toEqual([]);
      });

      test('an image and a document', async () => {
        vendor.script({ parts: [said('A pixel.')] });
        const { text } = await generateText({
          model,
          maxRetries: 0,
          messages: [
            {
              role: 'user',
              content: [
                { type: 'text', text: 'What is it?' },
                { type: 'image', image: Buffer.from(PNG, 'base64') },
                {
                  type: 'file',
                  data: Buffer.from('%PDF-1.4'),
                  mediaType: 'application/pdf',
                  filename: 'a.pdf',
                },
              ],
            },
          ],
        });
        expect(text).toBe('A pixel.');
        expect(violations()).toEqual([]);
        expect(JSON.stringify(vendor.requests.at(-1)?.body)).toContain(PNG);
      });
    },
  );
});
