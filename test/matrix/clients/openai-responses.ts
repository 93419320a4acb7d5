import OpenAI from 'openai';
import { addressOf, jsonOf } from '../conversation.ts';
import type { Client, Finish, Heard, Image, Line, Question, Said } from '../conversation.ts';
import { openaiClassOf, openaiComplaint, openaiSdk } from './openai-sdk.ts';

type Body = OpenAI.Responses.ResponseCreateParamsNonStreaming;
type Item = OpenAI.Responses.ResponseInputItem;

/** Responses with the vendor's own SDK, nothing stored at the vendor's. */
export const openaiResponses: Client = {
  name: 'openai',
  dialect: 'openai-responses',
  special: { name: 'max_tool_calls', value: 3 },
  complaint: openaiComplaint,
  classOf: openaiClassOf,
  ask: (question, line) => (question.stream === true ? streamed : whole)(question, line),
};

function body(question: Question, model: string): Body {
  const { system, turns, tools, toolChoice, parallelTools, schema, thinking } = question;
  return {
    model,
    store: false,
    max_output_tokens: question.maxTokens ?? 4096,
    ...(typeof system === 'string' && { instructions: system }),
    input: [
      ...(Array.isArray(system) ? [developer(system as readonly string[])] : []),
      ...turns.flatMap(items),
    ],
    ...(tools && {
      tools: tools.map(({ name, description, schema: parameters }) => ({
        type: 'function' as const,
        name,
        description,
        parameters: { ...parameters },
        strict: false,
      })),
    }),
    ...(toolChoice && {
      tool_choice:
        typeof toolChoice === 'string'
          ? toolChoice
          : { type: 'function' as const, name: toolChoice.named },
    }),
    ...(parallelTools === false && { parallel_tool_calls: false }),
    ...(schema && {
      text: {
        format: {
          type: 'json_schema' as const,
          name: 'report',
          strict: true,
          schema: { ...schema },
        },
      },
    }),
    ...(question.special && { max_tool_calls: 3 }),
    ...(thinking && {
      reasoning: thinking === 'on' ? { effort: 'medium', summary: 'auto' } : { effort: 'none' },
      include: ['reasoning.encrypted_content'],
    }),
  };
}

function developer(texts: readonly string[]): Item {
  return {
    type: 'message',
    role: 'developer',
    content: texts.map((text) => ({ type: 'input_text' as const, text })),
  };
}

function items(said: Said): Item[] {
  switch (said.by) {
    case 'system':
      return [developer([said.text])];
    case 'user':
      return [
        {
          role: 'user',
          content: said.image === undefined ? said.text : withImage(said.text, said.image),
        },
      ];
    case 'assistant':
      return [
        ...(said.text === undefined ? [] : [{ role: 'assistant' as const, content: said.text }]),
        ...(said.calls ?? []).map((call) => ({
          type: 'function_call' as const,
          call_id: call.id,
          name: call.name,
          arguments: jsonOf(call),
        })),
      ];
    case 'tools':
      return said.results.map(({ id, output }) => ({
        type: 'function_call_output',
        call_id: id,
        output,
      }));
    case 'replay':
      return said.heard.native as Item[];
  }
}

function withImage(text: string, image: Image) {
  return [
    { type: 'input_text' as const, text },
    {
      type: 'input_image' as const,
      image_url: addressOf(image),
      detail: 'auto' as const,
    },
  ];
}

async function whole(question: Question, line: Line): Promise<Heard> {
  const response = await openaiSdk(line).responses.create(body(question, line.model), {
    headers: question.headers,
    signal: line.signal,
  });
  return heard(response, { text: 1, arguments: 1 });
}

async function streamed(question: Question, line: Line): Promise<Heard> {
  const stream = await openaiSdk(line).responses.create(
    { ...body(question, line.model), stream: true },
    { headers: question.headers, signal: line.signal },
  );
  const pieces = { text: 0, arguments: 0 };
  let last: OpenAI.Responses.Response | undefined;
  for await (const event of stream) {
    if (event.type === 'response.output_text.delta') pieces.text += 1;
    if (event.type === 'response.function_call_arguments.delta') pieces.arguments += 1;
    // The SDK leaves these two to its user.
    if (event.type === 'error') {
      throw new OpenAI.APIError(undefined, event, event.message, undefined);
    }
    if (event.type === 'response.failed') {
      const { error } = event.response;
      throw new OpenAI.APIError(undefined, error ?? undefined, error?.message, undefined);
    }
    if (event.type === 'response.completed' || event.type === 'response.incomplete') {
      last = event.response;
    }
    line.onPiece?.();
  }
  if (last === undefined) throw new Error('the stream has no end');
  return heard(last, pieces);
}

function heard(response: OpenAI.Responses.Response, pieces: Heard['pieces']): Heard {
  const { output, usage } = response;
  const contents = output.flatMap((item) => (item.type === 'message' ? item.content : []));
  const calls = output.flatMap((item) => (item.type === 'function_call' ? [item] : []));
  return {
    model: response.model,
    text: contents.map((part) => (part.type === 'refusal' ? part.refusal : part.text)).join(''),
    reasoning: output
      .flatMap((item) =>
        item.type === 'reasoning' ? [...item.summary, ...(item.content ?? [])] : [],
      )
      .map(({ text }) => text)
      .join(''),
    calls: calls.map(({ call_id: id, name, arguments: json }) => ({
      id,
      name,
      arguments: JSON.parse(json) as unknown,
    })),
    finish: finishOf(response, {
      calls: calls.length > 0,
      refusal: contents.some((part) => part.type === 'refusal'),
    }),
    usage: usage && {
      input: usage.input_tokens,
      output: usage.output_tokens,
      total: usage.total_tokens,
      cached: usage.input_tokens_details.cached_tokens,
      reasoning: usage.output_tokens_details.reasoning_tokens,
    },
    pieces,
    native: output,
  };
}

function finishOf(
  { status, incomplete_details: details }: OpenAI.Responses.Response,
  seen: { readonly calls: boolean; readonly refusal: boolean },
): Finish {
  if (status === 'completed') return seen.calls ? 'tool-calls' : seen.refusal ? 'refusal' : 'stop';
  if (status === 'incomplete' && details?.reason === 'max_output_tokens') return 'length';
  if (status === 'incomplete' && details?.reason === 'content_filter') return 'refusal';
  throw new Error(`status is ${String(status)}, ${String(details?.reason)}`);
}
