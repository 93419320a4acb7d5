import Anthropic from '@anthropic-ai/sdk';
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
import { statusComplaint } from './status-complaint.ts';

type Body = Anthropic.MessageCreateParamsNonStreaming;

/** Messages with the vendor's own SDK. */
export const anthropic: Client = {
  name: '@anthropic-ai/sdk',
  dialect: 'anthropic-messages',
  special: { name: 'inference_geo', value: 'us' },
  complaint,
  classOf: (status) => CLASSES[status] ?? (status >= 500 ? 'InternalServerError' : 'APIError'),
  cannot: ({ turns }) => noJson(turns),
  ask: (question, line) => (question.stream === true ? streamed : whole)(question, line),
};

function sdk({ url, apiKey, fetch }: Line): Anthropic {
  return new Anthropic({ baseURL: url, apiKey, fetch, maxRetries: 0 });
}

function body(question: Question, model: string): Body {
  const { system, turns, tools, schema, thinking } = question;
  const choice = toolChoice(question);
  return {
    model,
    max_tokens: question.maxTokens ?? 4096,
    ...(system !== undefined && {
      system: typeof system === 'string' ? system : system.map((text) => ({ type: 'text', text })),
    }),
    messages: turns.map(message),
    ...(tools && {
      tools: tools.map(({ name, description, schema: input }) => ({
        name,
        description,
        input_schema: { ...input, required: [...(input.required ?? [])] },
      })),
    }),
    ...(choice && { tool_choice: choice }),
    ...(schema && { output_config: { format: { type: 'json_schema', schema: { ...schema } } } }),
    ...(question.special && { inference_geo: 'us' }),
    ...(thinking && {
      thinking: thinking === 'on' ? { type: 'enabled', budget_tokens: 2048 } : { type: 'disabled' },
    }),
  };
}

function toolChoice({ toolChoice: choice, parallelTools }: Question): Body['tool_choice'] {
  if (choice === 'none') return { type: 'none' };
  const single = parallelTools === false && { disable_parallel_tool_use: true };
  if (choice === undefined || choice === 'auto') {
    return (choice ?? single) ? { type: 'auto', ...single } : undefined;
  }
  if (choice === 'required') return { type: 'any', ...single };
  return { type: 'tool', name: choice.named, ...single };
}

function message(said: Said): Anthropic.MessageParam {
  switch (said.by) {
    case 'system':
      return { role: 'system', content: said.text };
    case 'user':
      return {
        role: 'user',
        content: said.image === undefined ? said.text : withImage(said.text, said.image),
      };
    case 'assistant':
      return {
        role: 'assistant',
        content: [
          ...(said.text === undefined ? [] : [{ type: 'text' as const, text: said.text }]),
          ...(said.calls ?? []).map(({ id, name, arguments: input }) => ({
            type: 'tool_use' as const,
            id,
            name,
            input,
          })),
        ],
      };
    case 'tools':
      return {
        role: 'user',
        content: said.results.map(({ id, output }) => ({
          type: 'tool_result',
          tool_use_id: id,
          content: output,
        })),
      };
    case 'replay':
      return { role: 'assistant', content: said.heard.native as Anthropic.ContentBlockParam[] };
  }
}

function withImage(text: string, image: Image): Anthropic.ContentBlockParam[] {
  return [
    { type: 'text', text },
    {
      type: 'image',
      source:
        'url' in image
          ? { type: 'url', url: image.url }
          : { type: 'base64', media_type: 'image/png', data: image.png },
    },
  ];
}

async function whole(question: Question, line: Line): Promise<Heard> {
  const answer = await sdk(line).messages.create(body(question, line.model), {
    headers: question.headers,
    signal: line.signal,
  });
  return heard(answer, { text: 1, arguments: 1 });
}

async function streamed(question: Question, line: Line): Promise<Heard> {
  const stream = sdk(line).messages.stream(body(question, line.model), {
    headers: question.headers,
    signal: line.signal,
  });
  const pieces = { text: 0, arguments: 0 };
  for await (const event of stream) {
    if (event.type === 'content_block_delta') {
      if (event.delta.type === 'text_delta') pieces.text += 1;
      if (event.delta.type === 'input_json_delta') pieces.arguments += 1;
    }
    line.onPiece?.();
  }
  return heard(await stream.finalMessage(), pieces);
}

const FINISHES: Readonly<Record<string, Finish>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  tool_use: 'tool-calls',
  refusal: 'refusal',
};

function heard(answer: Anthropic.Message, pieces: Heard['pieces']): Heard {
  const { content, usage } = answer;
  const finish = FINISHES[answer.stop_reason ?? ''];
  if (finish === undefined) throw new Error(`stop_reason is ${String(answer.stop_reason)}`);
  return {
    model: answer.model,
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    reasoning: content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join(''),
    calls: content.flatMap((block) =>
      block.type === 'tool_use' ? [{ id: block.id, name: block.name, arguments: block.input }] : [],
    ),
    finish,
    usage: {
      input:
        usage.input_tokens +
        (usage.cache_read_input_tokens ?? 0) +
        (usage.cache_creation_input_tokens ?? 0),
      output: usage.output_tokens,
      cached: usage.cache_read_input_tokens ?? undefined,
      reasoning: usage.output_tokens_details?.thinking_tokens,
    },
    pieces,
    native: content,
  };
}

function complaint(error: unknown): Complaint | undefined {
  return error instanceof Anthropic.APIError ? statusComplaint(error) : undefined;
}

const CLASSES: Readonly<Record<number, string>> = {
  400: 'BadRequestError',
  404: 'NotFoundError',
  429: 'RateLimitError',
  503: 'ServiceUnavailableError',
  529: 'OverloadedError',
};
