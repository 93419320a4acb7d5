import { ApiError, GoogleGenAI, ThinkingLevel, Type } from '@google/genai';
import type { Content, GenerateContentResponse } from '@google/genai';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { askVendor } from '../../../test/ask-vendor.ts';
import { startVendor } from '../start-vendor.ts';
import type { VendorMessage } from '../vendor-answer.ts';
import type { Vendor } from '../vendor.ts';

let vendor: Vendor;
let client: GoogleGenAI;
beforeEach(async () => {
  vendor = await startVendor('gemini', { models: ['gemini-3-pro-preview', 'gemini-2.5-flash'] });
  client = new GoogleGenAI({
    apiKey: 'key-1',
    vertexai: false,
    // Without one, the SDK looks for undici's dispatcher, which jest's contexts don't have.
    httpOptions: { baseUrl: vendor.url, retryOptions: { attempts: 1 }, fetch },
  });
});
afterEach(() => vendor.close());

const question: Content = { role: 'user', parts: [{ text: 'look at it' }] };
const base = {
  model: 'gemini-3-pro-preview',
  contents: [question],
  config: {
    thinkingConfig: { includeThoughts: true, thinkingLevel: ThinkingLevel.LOW },
    tools: [
      {
        functionDeclarations: [
          {
            name: 'look',
            description: 'looks',
            parameters: { type: Type.OBJECT, properties: { x: { type: Type.INTEGER } } },
          },
        ],
      },
    ],
  },
};
const everything: VendorMessage = {
  parts: [
    { type: 'reasoning', text: 'let me see' },
    { type: 'text', text: 'Looking: 🔎 ünïcode' },
    { type: 'tool-call', name: 'look', arguments: { x: 1, s: '日本' } },
    { type: 'tool-call', id: 'c2', name: 'look', arguments: {} },
  ],
  usage: { input: 100, output: 30, cached: 60, reasoning: 12 },
};
const usage = {
  promptTokenCount: 100,
  cachedContentTokenCount: 60,
  candidatesTokenCount: 18,
  thoughtsTokenCount: 12,
  totalTokenCount: 130,
};

async function chunksOf(request: typeof base): Promise<GenerateContentResponse[]> {
  const chunks: GenerateContentResponse[] = [];
  for await (const chunk of await client.models.generateContentStream(request)) chunks.push(chunk);
  return chunks;
}

describe("the vendor's SDK", () => {
  test('reads the same answer, streamed and not', async () => {
    vendor.script(everything);
    const whole = await client.models.generateContent(base);
    expect(whole).toMatchObject({ modelVersion: base.model, usageMetadata: usage });
    expect(whole.candidates?.[0]).toMatchObject({
      finishReason: 'STOP',
      content: {
        role: 'model',
        parts: [
          { text: 'let me see', thought: true },
          { text: 'Looking: 🔎 ünïcode', thoughtSignature: expect.any(String) },
          {
            functionCall: { name: 'look', args: { x: 1, s: '日本' } },
            thoughtSignature: expect.any(String),
          },
          { functionCall: { id: 'c2', name: 'look', args: {} } },
        ],
      },
    });
    const chunks = await chunksOf(base);
    const parts = chunks.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? []);
    const text = (isThought: boolean) =>
      parts
        .map((part) => ((part.thought === true) === isThought ? (part.text ?? '') : ''))
        .join('');
    expect([text(true), text(false)]).toEqual(['let me see', 'Looking: 🔎 ünïcode']);
    expect(chunks.map(({ functionCalls }) => functionCalls?.length ?? 0)).toContain(2);
    expect(chunks.at(-1)).toMatchObject({ usageMetadata: usage });
    const reasons = chunks.map(({ candidates }) => candidates?.[0]?.finishReason);
    expect(reasons.filter((reason) => reason !== undefined)).toEqual(['STOP']);
    expect(vendor.violations).toEqual([]);
  });

  test('streams an array where it was not asked for events', async () => {
    vendor.script(everything, { ...everything, stream: { errorAfterFirst: { status: 503 } } });
    const path = '/v1beta/models/gemini-2.5-flash:streamGenerateContent';
    const ask = () => askVendor(vendor, path, { 'x-goog-api-key': 'k' }, { contents: [question] });
    const { json, headers } = await ask();
    expect(headers.get('content-type')).toMatch(/^application\/json/u);
    expect(json.at(-1)).toMatchObject({ candidates: [{ finishReason: 'STOP' }] });
    expect((await ask()).json).toMatchObject([
      { candidates: [{}] },
      { error: { code: 503, status: 'UNAVAILABLE' } },
    ]);
  });

  test('sends calls back with their signatures', async () => {
    vendor.script(everything, { parts: [{ type: 'text', text: 'done' }] });
    const { candidates } = await client.models.generateContent(base);
    const turn = candidates![0]!.content!;
    const response = { output: 'a cat' };
    const next = (parts: readonly object[], model = base.model) =>
      client.models.generateContent({
        ...base,
        model,
        contents: [
          question,
          { role: 'model', parts: [...parts] },
          {
            role: 'user',
            parts: [
              { functionResponse: { name: 'look', response } },
              { functionResponse: { id: 'c2', name: 'look', response } },
            ],
          },
        ],
        config: { tools: base.config.tools },
      });
    const parts = turn.parts!;
    expect((await next(parts)).text).toBe('done');
    const bare = parts.map((part) => ({ ...part, thoughtSignature: undefined }));
    await expect(next(bare)).rejects.toThrow(/missing a thought_signature/u);
    const changed = parts.map((part) =>
      part.functionCall === undefined
        ? part
        : { ...part, functionCall: { name: 'look', args: {} } },
    );
    await expect(next(changed)).rejects.toThrow(/Corrupted thought signature/u);
    await expect(next(parts, 'gemini-2.5-flash')).rejects.toThrow(/Corrupted thought signature/u);
  });

  test('is told thoughts only where it asked', async () => {
    vendor.script(everything);
    const quiet = { ...base, config: { tools: base.config.tools } };
    const { candidates } = await client.models.generateContent(quiet);
    expect(candidates?.[0]?.content?.parts?.[0]).toMatchObject({ text: 'Looking: 🔎 ünïcode' });
    vendor.script({ parts: [{ type: 'reasoning', text: '', signature: 'c2ln' }] });
    const { candidates: signed } = await client.models.generateContent(quiet);
    expect(signed?.[0]?.content?.parts).toEqual([{ text: '', thoughtSignature: 'c2ln' }]);
  });

  test('reads every ending, counts, models and errors', async () => {
    for (const [finish, reason] of [
      ['length', 'MAX_TOKENS'],
      ['refusal', 'SAFETY'],
    ] as const) {
      vendor.script({ parts: [{ type: 'text', text: 'so' }], finish });
      const { candidates } = await client.models.generateContent(base);
      expect(candidates?.[0]?.finishReason).toBe(reason);
    }
    vendor.script({ parts: [], finish: 'refusal' });
    const { promptFeedback } = await client.models.generateContent(base);
    expect(promptFeedback).toEqual({ blockReason: 'SAFETY' });
    vendor.script({ tokens: 42 });
    const { model, contents } = base;
    expect((await client.models.countTokens({ model, contents })).totalTokens).toBe(42);
    const whole = { model: `models/${model}`, contents };
    const path = `/v1beta/models/${model}:countTokens`;
    const counted = await askVendor(
      vendor,
      path,
      { 'x-goog-api-key': 'k' },
      { generateContentRequest: whole },
    );
    expect(counted.json.totalTokens).toBe(42);
    expect((await client.models.get({ model })).name).toBe(`models/${model}`);
    const names: (string | undefined)[] = [];
    for await (const { name } of await client.models.list()) names.push(name);
    expect(names).toContain('models/gemini-2.5-flash');
    vendor.script({ error: { status: 429, retryAfter: 17 } });
    const failing = client.models.generateContent(base);
    await expect(failing).rejects.toThrow(ApiError);
    await expect(failing).rejects.toThrow(/RESOURCE_EXHAUSTED.*"retryDelay":"17s"/u);
    vendor.script({ error: { status: 500, inStream: true, message: 'broken inside' } });
    await expect(chunksOf(base)).rejects.toThrow(/broken inside/u);
    expect(vendor.violations).toEqual([]);
  });
});
