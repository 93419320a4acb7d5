import type OpenAI from 'openai';
import { argumentsOf, calledAs, imageAt } from './seen.ts';
import type { Seen, SeenLine } from './seen.ts';

/** See {@link Seen}. */
export function seenByChat(body: OpenAI.ChatCompletionCreateParams): Seen {
  const first = body.messages.findIndex(({ role }) => role !== 'system' && role !== 'developer');
  const format = body.response_format;
  const names = new Map<string, string>();
  return {
    system: body.messages.slice(0, first).flatMap(({ content }) => texts(content)),
    lines: body.messages.slice(first).flatMap((message) => lines(message, names)),
    tools: (body.tools ?? []).flatMap((tool) =>
      tool.type === 'function'
        ? [{ name: tool.function.name, schema: tool.function.parameters }]
        : [],
    ),
    toolChoice: choice(body.tool_choice),
    parallelTools: body.parallel_tool_calls,
    schema: format?.type === 'json_schema' ? format.json_schema.schema : undefined,
    thinking:
      body.reasoning_effort == null
        ? undefined
        : ['none', 'minimal'].includes(body.reasoning_effort)
          ? 'off'
          : 'on',
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- many services know this one alone
    maxTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
  };
}

function choice(wish: OpenAI.ChatCompletionToolChoiceOption | undefined): Seen['toolChoice'] {
  if (wish === undefined || typeof wish === 'string') return wish;
  if (wish.type === 'function') return { named: wish.function.name };
  throw new Error(`tool_choice is ${JSON.stringify(wish)}`);
}

function lines(
  message: OpenAI.ChatCompletionMessageParam & { readonly reasoning_content?: string },
  names: Map<string, string>,
): SeenLine[] {
  switch (message.role) {
    case 'system':
    case 'developer':
      return texts(message.content).map((text) => ({ by: 'system', text }));
    case 'user':
      return typeof message.content === 'string'
        ? [{ by: 'user', text: message.content }]
        : message.content.map(userLine);
    case 'assistant':
      return [
        ...(message.reasoning_content === undefined ? [] : [thought(message.reasoning_content)]),
        ...texts(message.content).map((text) => ({ by: 'assistant' as const, text })),
        ...(message.tool_calls ?? []).map((call): SeenLine => {
          if (call.type !== 'function') throw new Error('a custom call');
          names.set(call.id, call.function.name);
          const { name, arguments: json } = call.function;
          return { by: 'assistant', call: name, arguments: argumentsOf(json) };
        }),
      ];
    case 'tool': {
      const output = texts(message.content).join('');
      return [{ by: 'tool', of: calledAs(names, message.tool_call_id), output }];
    }
    case 'function':
      throw new Error('the legacy role function');
  }
}

function thought(text: string): SeenLine {
  return { by: 'assistant', thought: text, signature: undefined };
}

function userLine(part: OpenAI.ChatCompletionContentPart): SeenLine {
  if (part.type === 'text') return { by: 'user', text: part.text };
  if (part.type === 'image_url') {
    return { by: 'user', image: imageAt(part.image_url.url) };
  }
  throw new Error(`a part of type ${part.type}`);
}

function texts(content: OpenAI.ChatCompletionMessageParam['content'] | null | undefined): string[] {
  if (content === null || content === undefined) return [];
  if (typeof content === 'string') return [content];
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
}
