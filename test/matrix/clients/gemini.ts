import {
  ApiError,
  FunctionCallingConfigMode,
  GoogleGenAI,
  HarmBlockThreshold,
  HarmCategory,
  ThinkingLevel,
} from '@google/genai';
import type {
  Content,
  GenerateContentConfig,
  GenerateContentParameters,
  GenerateContentResponse,
  Part,
} from '@google/genai';
import { noJson } from '../conversation.ts';
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

const SAFETY = [
  {
    category: HarmCategory.HARM_CATEGORY_HARASSMENT,
    threshold: HarmBlockThreshold.BLOCK_NONE,
  },
];

/** Gemini's API with the vendor's own SDK. */
export const gemini: Client = {
  name: '@google/genai',
  dialect: 'gemini',
  special: { name: 'safetySettings', value: SAFETY },
  complaint,
  classOf: () => 'ApiError',
  ask: (question, line) => (question.stream === true ? streamed : whole)(question, line),
  cannot: ({ turns, parallelTools }) => {
    if (turns.some(({ by }) => by === 'system')) {
      return "Gemini's API has no system text inside a conversation";
    }
    return parallelTools === false
      ? "Gemini's API has no switch for parallel calls"
      : noJson(turns);
  },
};

function sdk({ url, apiKey, fetch }: Line): GoogleGenAI {
  return new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url, fetch } });
}

function parameters(question: Question, line: Line): GenerateContentParameters {
  return {
    model: line.model,
    contents: question.turns.map(content),
    config: config(question, line),
  };
}

function config(question: Question, { signal }: Line): GenerateContentConfig {
  const { system, tools, toolChoice, schema, thinking, headers } = question;
  return {
    maxOutputTokens: question.maxTokens ?? 4096,
    ...(signal && { abortSignal: signal }),
    ...(headers && { httpOptions: { headers: { ...headers } } }),
    ...(system !== undefined && {
      systemInstruction:
        typeof system === 'string' ? system : { parts: system.map((text) => ({ text })) },
    }),
    ...(tools && {
      tools: [
        {
          functionDeclarations: tools.map(({ name, description, schema: json }) => ({
            name,
            description,
            parametersJsonSchema: json,
          })),
        },
      ],
    }),
    ...(toolChoice && {
      toolConfig: {
        functionCallingConfig:
          typeof toolChoice === 'string'
            ? { mode: MODES[toolChoice] }
            : { mode: FunctionCallingConfigMode.ANY, allowedFunctionNames: [toolChoice.named] },
      },
    }),
    ...(schema && { responseMimeType: 'application/json', responseJsonSchema: schema }),
    ...(question.special && { safetySettings: SAFETY }),
    ...(thinking && {
      thinkingConfig:
        thinking === 'on'
          ? { includeThoughts: true, thinkingLevel: ThinkingLevel.HIGH }
          : { thinkingBudget: 0 },
    }),
  };
}

const MODES = {
  auto: FunctionCallingConfigMode.AUTO,
  none: FunctionCallingConfigMode.NONE,
  required: FunctionCallingConfigMode.ANY,
};

function content(said: Said): Content {
  switch (said.by) {
    case 'system':
      throw new Error('has no words for it');
    case 'user':
      return {
        role: 'user',
        parts: [{ text: said.text }, ...(said.image === undefined ? [] : [imagePart(said.image)])],
      };
    case 'assistant':
      return {
        role: 'model',
        parts: [
          ...(said.text === undefined ? [] : [{ text: said.text }]),
          ...(said.calls ?? []).map(({ id, name, arguments: args }) => ({
            functionCall: { id, name, args: args as Record<string, unknown> },
          })),
        ],
      };
    case 'tools':
      return {
        role: 'user',
        parts: said.results.map(({ id, name, output }) => ({
          functionResponse: { ...(id !== '' && { id }), name, response: { output } },
        })),
      };
    case 'replay':
      return said.heard.native as Content;
  }
}

function imagePart(image: Image): Part {
  const mimeType = 'image/png';
  return 'url' in image
    ? { fileData: { mimeType, fileUri: image.url } }
    : { inlineData: { mimeType, data: image.png } };
}

async function whole(question: Question, line: Line): Promise<Heard> {
  const answer = await sdk(line).models.generateContent(parameters(question, line));
  return heard([answer]);
}

async function streamed(question: Question, line: Line): Promise<Heard> {
  const answers: GenerateContentResponse[] = [];
  for await (const answer of await sdk(line).models.generateContentStream(
    parameters(question, line),
  )) {
    answers.push(answer);
    line.onPiece?.();
  }
  return heard(answers);
}

function heard(answers: readonly GenerateContentResponse[]): Heard {
  const parts = answers.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? []);
  const calls = parts.flatMap(({ functionCall }) => functionCall ?? []);
  const texts = parts.filter(({ text, thought }) => text !== undefined && thought !== true);
  const usage = answers.findLast(({ usageMetadata }) => usageMetadata)?.usageMetadata;
  return {
    model: answers.at(-1)?.modelVersion ?? '',
    text: texts.map(({ text }) => text).join(''),
    reasoning: parts.map(({ text, thought }) => (thought === true ? text : '')).join(''),
    calls: calls.map(({ id = '', name = '', args = {} }) => ({ id, name, arguments: args })),
    finish: finishOf(answers, calls.length > 0),
    usage: usage && {
      input: usage.promptTokenCount ?? 0,
      output: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
      total: usage.totalTokenCount,
      cached: usage.cachedContentTokenCount,
      reasoning: usage.thoughtsTokenCount,
    },
    pieces: { text: texts.filter(({ text }) => text !== '').length, arguments: calls.length },
    native: { role: 'model', parts: merged(parts) },
  };
}

/** Joins the pieces of a stream; a signature ends a part, and one without anything is none. */
function merged(parts: readonly Part[]): readonly Part[] {
  const all: Part[] = [];
  for (const part of parts) {
    if (part.text === '' && part.thoughtSignature === undefined) continue;
    const last = all.at(-1);
    const grows = last?.thoughtSignature === undefined && last?.thought === part.thought;
    if (grows && last?.text !== undefined && part.text !== undefined) {
      all[all.length - 1] = { ...last, ...part, text: last.text + part.text };
    } else all.push(part);
  }
  return all;
}

function finishOf(answers: readonly GenerateContentResponse[], called: boolean): Finish {
  const blocked = answers.some(({ promptFeedback }) => promptFeedback?.blockReason !== undefined);
  const reason: string | undefined = answers
    .flatMap(({ candidates }) => candidates?.[0]?.finishReason ?? [])
    .at(-1);
  if (blocked || reason === 'SAFETY' || reason === 'PROHIBITED_CONTENT') return 'refusal';
  if (reason === 'MAX_TOKENS') return 'length';
  if (reason === 'STOP') return called ? 'tool-calls' : 'stop';
  throw new Error(`finishReason is ${String(reason)}`);
}

function complaint(error: unknown): Complaint | undefined {
  if (!(error instanceof ApiError)) return undefined;
  return { type: error.name, status: error.status, message: error.message };
}
