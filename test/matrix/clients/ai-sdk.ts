import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { APICallError, generateText, jsonSchema, Output, streamText, tool } from 'ai';
import type { LanguageModel, LanguageModelUsage, ModelMessage, ToolSet } from 'ai';
import type { Dialect } from '@cliproxy/plugin-api';
import type {
  Client,
  Complaint,
  Finish,
  Heard,
  Image,
  Line,
  Question,
  Said,
} from '../conversation.ts';

/** One SDK with an adapter per dialect: reads answers by code that no vendor wrote. */
export const aiSdk: readonly Client[] = (
  [
    ['openai-chat', (line) => openai(line).chat(line.model)],
    ['openai-responses', (line) => openai(line).responses(line.model)],
    ['anthropic-messages', anthropicModel],
    ['gemini', googleModel],
  ] satisfies readonly (readonly [Dialect, (line: Line) => LanguageModel])[]
).map(([dialect, model]): Client => ({
  name: 'ai',
  dialect,
  special: { name: '', value: undefined },
  complaint,
  classOf: () => 'AI_APICallError',
  ask: (question, line) =>
    (question.stream === true ? streamed : whole)(question, line, model(line)),
  written: dialect === 'gemini' ? (name, content) => JSON.stringify({ name, content }) : undefined,
  cannot: ({ thinking, parallelTools, turns }) => {
    if (dialect === 'gemini' && turns.some(isAddress))
      return '@ai-sdk/google fetches images itself';
    if (dialect === 'openai-chat' && thinking === 'on') {
      return '@ai-sdk/openai reads no reasoning out of Chat';
    }
    return dialect === 'gemini' && parallelTools === false
      ? "Gemini's API has no switch for parallel calls"
      : undefined;
  },
}));

function openai({ url, apiKey, fetch }: Line) {
  return createOpenAI({ baseURL: `${url}/v1`, apiKey, fetch });
}

function anthropicModel({ url, apiKey, fetch, model }: Line): LanguageModel {
  return createAnthropic({ baseURL: `${url}/v1`, apiKey, fetch })(model);
}

function googleModel({ url, apiKey, fetch, model }: Line): LanguageModel {
  return createGoogleGenerativeAI({ baseURL: `${url}/v1beta`, apiKey, fetch })(`models/${model}`);
}

function request(question: Question, line: Line, model: LanguageModel) {
  const { system, turns, tools, toolChoice, schema, headers } = question;
  // What it warns of is seen in what the vendor was asked.
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
  return {
    model,
    maxRetries: 0,
    maxOutputTokens: question.maxTokens ?? 4096,
    ...(system !== undefined && { system: [system].flat().join('\n\n') }),
    messages: turns.flatMap(messages),
    ...(tools && {
      tools: Object.fromEntries(
        tools.map(({ name, description, schema: json }) => [
          name,
          tool({ description, inputSchema: jsonSchema(json as object) }),
        ]),
      ) as ToolSet,
    }),
    ...(toolChoice && {
      toolChoice:
        typeof toolChoice === 'string'
          ? toolChoice
          : { type: 'tool' as const, toolName: toolChoice.named },
    }),
    ...(schema && { output: Output.object({ schema: jsonSchema(schema as object) }) }),
    ...(line.signal && { abortSignal: line.signal }),
    ...(headers && { headers }),
    providerOptions: wishes(question),
  };
}

/** What has no common name in the SDK; each adapter reads its own part. */
function wishes({ parallelTools, thinking }: Question) {
  const thinks = thinking === 'on';
  return {
    openai: {
      store: false,
      forceReasoning: thinks,
      ...(parallelTools === false && { parallelToolCalls: false }),
      ...(thinks && {
        reasoningEffort: 'medium',
        reasoningSummary: 'auto',
        include: ['reasoning.encrypted_content'],
      }),
    },
    anthropic: {
      structuredOutputMode: 'outputFormat',
      ...(parallelTools === false && { disableParallelToolUse: true }),
      ...(thinks && { thinking: { type: 'enabled', budgetTokens: 2048 } }),
    },
    google: {
      ...(thinks && { thinkingConfig: { includeThoughts: true, thinkingLevel: 'high' } }),
    },
  };
}

function messages(said: Said): ModelMessage[] {
  switch (said.by) {
    case 'system':
      return [{ role: 'system', content: said.text }];
    case 'user':
      return [
        {
          role: 'user',
          content: [
            { type: 'text', text: said.text },
            ...(said.image === undefined ? [] : [imagePart(said.image)]),
          ],
        },
      ];
    case 'assistant':
      return [
        {
          role: 'assistant',
          content: [
            ...(said.text === undefined ? [] : [{ type: 'text' as const, text: said.text }]),
            ...(said.calls ?? []).map((call) => ({
              type: 'tool-call' as const,
              toolCallId: call.id,
              toolName: call.name,
              input: call.arguments,
            })),
          ],
        },
      ];
    case 'tools':
      return [
        {
          role: 'tool',
          content: said.results.map(({ id, name, output }) => ({
            type: 'tool-result',
            toolCallId: id,
            toolName: name,
            output: { type: 'text', value: output },
          })),
        },
      ];
    case 'replay':
      return said.heard.native as ModelMessage[];
  }
}

function isAddress(said: Said): boolean {
  return said.by === 'user' && said.image !== undefined && 'url' in said.image;
}

function imagePart(image: Image) {
  return {
    type: 'image' as const,
    image: 'url' in image ? new URL(image.url) : image.png,
    mediaType: 'image/png',
  };
}

async function whole(question: Question, line: Line, model: LanguageModel): Promise<Heard> {
  const result = await generateText(request(question, line, model));
  return heard(
    {
      text: result.text,
      reasoning: result.reasoningText,
      calls: result.toolCalls,
      finish: result.finishReason,
      usage: result.usage,
      model: result.response.modelId,
      native: result.response.messages,
    },
    { text: 1, arguments: 1 },
  );
}

async function streamed(question: Question, line: Line, model: LanguageModel): Promise<Heard> {
  let failed: { readonly error: unknown } | undefined;
  const result = streamText({
    ...request(question, line, model),
    onError: ({ error }) => {
      failed ??= { error };
    },
  });
  const pieces = { text: 0, arguments: 0 };
  for await (const part of result.fullStream) {
    if (part.type === 'text-delta') pieces.text += 1;
    if (part.type === 'tool-input-delta') pieces.arguments += 1;
    if (part.type === 'error') failed ??= { error: part.error };
    if (part.type === 'abort') failed ??= { error: new Error('aborted') };
    line.onPiece?.();
  }
  if (failed !== undefined) throw failed.error;
  const response = await result.response;
  return heard(
    {
      text: await result.text,
      reasoning: await result.reasoningText,
      calls: await result.toolCalls,
      finish: await result.finishReason,
      usage: await result.usage,
      model: response.modelId,
      native: response.messages,
    },
    pieces,
  );
}

const FINISHES: Readonly<Record<string, Finish>> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool-calls',
  'content-filter': 'refusal',
};

interface Result {
  readonly text: string;
  readonly reasoning: string | undefined;
  readonly calls: readonly { toolCallId: string; toolName: string; input: unknown }[];
  readonly finish: string;
  readonly usage: LanguageModelUsage;
  readonly model: string;
  readonly native: unknown;
}

function heard(result: Result, pieces: Heard['pieces']): Heard {
  const { text, reasoning = '', calls, usage, model, native } = result;
  const finish = FINISHES[result.finish];
  if (finish === undefined) throw new Error(`finishReason is ${result.finish}`);
  return {
    model,
    text,
    reasoning,
    calls: calls.map(({ toolCallId: id, toolName: name, input }) => ({
      id,
      name,
      arguments: input,
    })),
    finish,
    usage: {
      input: usage.inputTokens ?? 0,
      output: usage.outputTokens ?? 0,
      total: usage.totalTokens,
      cached: usage.inputTokenDetails.cacheReadTokens,
      reasoning: usage.outputTokenDetails.reasoningTokens,
    },
    pieces,
    native,
  };
}

/** One inside a stream is handed out as it was told. */
function complaint(error: unknown): Complaint | undefined {
  if (!APICallError.isInstance(error)) {
    if (error instanceof Error || typeof error !== 'object' || error === null) return undefined;
    const told = 'error' in error ? error.error : error;
    const { message } = told as { readonly message?: unknown };
    return typeof message === 'string'
      ? { type: 'in a stream', status: undefined, message }
      : undefined;
  }
  const { statusCode, message, responseHeaders } = error;
  const retryAfter = responseHeaders?.['retry-after'];
  return {
    type: error.name,
    status: statusCode,
    message,
    retryAfterS: retryAfter ? Number(retryAfter) : undefined,
  };
}
