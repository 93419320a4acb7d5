import type OpenAI from 'openai';
import { addressOf, jsonOf } from '../conversation.ts';
import type { Client, Finish, Heard, Image, Line, Question, Said } from '../conversation.ts';
import { openaiClassOf, openaiComplaint, openaiSdk } from './openai-sdk.ts';

type Body = OpenAI.ChatCompletionCreateParamsNonStreaming;
type Message = OpenAI.ChatCompletionMessageParam;

/** Chat Completions with the vendor's own SDK. */
export const openaiChat: Client = {
  name: 'openai',
  dialect: 'openai-chat',
  special: { name: 'logit_bias', value: { '50256': -100 } },
  complaint: openaiComplaint,
  classOf: openaiClassOf,
  ask: (question, line) => (question.stream === true ? streamed : whole)(question, line),
};

function body(question: Question, model: string): Body {
  const { system, turns, tools, toolChoice, parallelTools, schema, thinking } = question;
  return {
    model,
    max_completion_tokens: question.maxTokens ?? 4096,
    messages: [
      ...(system === undefined ? [] : [{ role: 'system' as const, content: blocks(system) }]),
      ...turns.flatMap(messages),
    ],
    ...(tools && {
      tools: tools.map(({ name, description, schema: parameters }) => ({
        type: 'function' as const,
        function: { name, description, parameters: { ...parameters } },
      })),
    }),
    ...(toolChoice && {
      tool_choice:
        typeof toolChoice === 'string'
          ? toolChoice
          : { type: 'function' as const, function: { name: toolChoice.named } },
    }),
    ...(parallelTools === false && { parallel_tool_calls: false }),
    ...(schema && {
      response_format: {
        type: 'json_schema' as const,
        json_schema: { name: 'report', strict: true, schema: { ...schema } },
      },
    }),
    ...(question.special && { [openaiChat.special.name]: openaiChat.special.value }),
    ...(thinking && { reasoning_effort: thinking === 'on' ? 'medium' : 'none' }),
  };
}

function blocks(system: string | readonly string[]) {
  return typeof system === 'string'
    ? system
    : system.map((text) => ({ type: 'text' as const, text }));
}

function messages(said: Said): Message[] {
  switch (said.by) {
    case 'system':
      return [{ role: 'system', content: said.text }];
    case 'user':
      return [
        {
          role: 'user',
          content: said.image === undefined ? said.text : withImage(said.text, said.image),
        },
      ];
    case 'assistant':
      return [
        {
          role: 'assistant',
          content: said.text ?? null,
          ...(said.calls && {
            tool_calls: said.calls.map((call) => ({
              id: call.id,
              type: 'function' as const,
              function: { name: call.name, arguments: jsonOf(call) },
            })),
          }),
        },
      ];
    case 'tools':
      return said.results.map(({ id, output }) => ({
        role: 'tool',
        tool_call_id: id,
        content: output,
      }));
    case 'replay':
      return [said.heard.native as Message];
  }
}

function withImage(text: string, image: Image) {
  return [
    { type: 'text' as const, text },
    { type: 'image_url' as const, image_url: { url: addressOf(image) } },
  ];
}

/** What services that show reasoning put beside the vendor's own fields. */
interface Extended {
  role?: string | undefined;
  content?: string | null | undefined;
  refusal?: string | null | undefined;
  reasoning_content?: string;
  reasoning_details?: readonly object[];
  tool_calls?: ExtendedCall[];
}

interface ExtendedCall {
  index?: number;
  id?: string;
  function?: { name?: string; arguments?: string };
}

async function whole(question: Question, line: Line): Promise<Heard> {
  const answer = await openaiSdk(line).chat.completions.create(body(question, line.model), {
    headers: question.headers,
    signal: line.signal,
  });
  const choice = answer.choices[0];
  return heard(choice?.message ?? {}, {
    model: answer.model,
    finish: choice?.finish_reason,
    usage: answer.usage,
    pieces: { text: 1, arguments: 1 },
  });
}

async function streamed(question: Question, line: Line): Promise<Heard> {
  const stream = await openaiSdk(line).chat.completions.create(
    {
      ...body(question, line.model),
      stream: true,
      ...(question.usage !== false && { stream_options: { include_usage: true } }),
    },
    { headers: question.headers, signal: line.signal },
  );
  const message: Extended = { role: 'assistant', content: null };
  const rest: Rest = { model: '', finish: undefined, usage: undefined, pieces: none() };
  for await (const chunk of stream) {
    const choice = chunk.choices[0];
    rest.model = chunk.model;
    rest.usage = chunk.usage ?? rest.usage;
    rest.finish = choice?.finish_reason ?? rest.finish;
    if (choice !== undefined) append(message, choice.delta, rest.pieces);
    line.onPiece?.();
  }
  return heard(message, rest);
}

interface Rest {
  model: string;
  finish: string | undefined;
  usage: OpenAI.CompletionUsage | undefined;
  pieces: { text: number; arguments: number };
}

const none = () => ({ text: 0, arguments: 0 });

/** As clients of such services do it: strings grow, calls are found by their index. */
function append(message: Extended, delta: Extended, pieces: Rest['pieces']): void {
  if (delta.content) {
    message.content = (message.content ?? '') + delta.content;
    pieces.text += 1;
  }
  if (delta.refusal) message.refusal = (message.refusal ?? '') + delta.refusal;
  if (delta.reasoning_content) {
    message.reasoning_content = (message.reasoning_content ?? '') + delta.reasoning_content;
  }
  if (delta.reasoning_details) {
    message.reasoning_details = [...(message.reasoning_details ?? []), ...delta.reasoning_details];
  }
  for (const { index, ...piece } of delta.tool_calls ?? []) {
    message.tool_calls ??= [];
    const call = (message.tool_calls[index ?? 0] ??= {});
    const before = call.function?.arguments ?? '';
    const more = piece.function?.arguments ?? '';
    if (more !== '') pieces.arguments += 1;
    Object.assign(call, piece, {
      function: { ...call.function, ...piece.function, arguments: before + more },
    });
  }
}

const FINISHES: Readonly<Record<string, Finish>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool-calls',
  content_filter: 'refusal',
};

function heard(message: Extended, { model, finish, usage, pieces }: Rest): Heard {
  const known = FINISHES[finish ?? ''];
  if (known === undefined) throw new Error(`finish_reason is ${String(finish)}`);
  return {
    model,
    text: message.content ?? message.refusal ?? '',
    reasoning: message.reasoning_content ?? '',
    calls: (message.tool_calls ?? []).map(({ id = '', function: spec }) => ({
      id,
      name: spec?.name ?? '',
      arguments: JSON.parse(spec?.arguments ?? '') as unknown,
    })),
    finish: known,
    usage: usage && {
      input: usage.prompt_tokens,
      output: usage.completion_tokens,
      total: usage.total_tokens,
      cached: usage.prompt_tokens_details?.cached_tokens,
      reasoning: usage.completion_tokens_details?.reasoning_tokens,
    },
    pieces,
    native: message,
  };
}
