import type OpenAI from 'openai';
import { argumentsOf, calledAs, imageAt } from './seen.ts';
import type { Seen, SeenLine } from './seen.ts';

type Responses = OpenAI.Responses.ResponseCreateParams;
type Item = OpenAI.Responses.ResponseInputItem;

/** See {@link Seen}. */
export function seenByResponses(body: Responses): Seen {
  const { input = [], instructions, text, reasoning } = body;
  const items: readonly Item[] =
    typeof input === 'string' ? [{ role: 'user', content: input }] : input;
  const first = items.findIndex((item) => !isSystem(item));
  const names = new Map<string, string>();
  return {
    system: [
      ...(typeof instructions === 'string' ? [instructions] : []),
      ...items.slice(0, first).flatMap((item) => ('content' in item ? texts(item.content) : [])),
    ],
    lines: items.slice(first).flatMap((item) => lines(item, names)),
    tools: (body.tools ?? []).flatMap((tool) =>
      tool.type === 'function' ? [{ name: tool.name, schema: tool.parameters }] : [],
    ),
    toolChoice: choice(body.tool_choice),
    parallelTools: body.parallel_tool_calls ?? undefined,
    schema: text?.format?.type === 'json_schema' ? text.format.schema : undefined,
    thinking:
      reasoning?.effort == null
        ? undefined
        : ['none', 'minimal'].includes(reasoning.effort)
          ? 'off'
          : 'on',
    maxTokens: body.max_output_tokens ?? undefined,
  };
}

function isSystem(item: Item): boolean {
  return 'role' in item && (item.role === 'system' || item.role === 'developer');
}

function choice(wish: Responses['tool_choice']): Seen['toolChoice'] {
  if (wish === undefined || typeof wish === 'string') return wish;
  if (wish.type === 'function') return { named: wish.name };
  throw new Error(`tool_choice is ${JSON.stringify(wish)}`);
}

function lines(item: Item, names: Map<string, string>): SeenLine[] {
  switch (item.type) {
    case 'function_call':
      names.set(item.call_id, item.name);
      return [{ by: 'assistant', call: item.name, arguments: argumentsOf(item.arguments) }];
    case 'function_call_output': {
      const output = texts(item.output).join('');
      return [{ by: 'tool', of: calledAs(names, item.call_id ?? ''), output }];
    }
    case 'reasoning':
      return [
        {
          by: 'assistant',
          thought: item.summary.map(({ text }) => text).join(''),
          signature: item.encrypted_content ?? undefined,
        },
      ];
    case 'message':
    case undefined:
      break;
    default:
      throw new Error(`an item of type ${String(item.type)}`);
  }
  if (!('role' in item)) throw new Error('an item without a role');
  const { content } = item;
  if (item.role === 'user' && Array.isArray(content)) {
    return (content as readonly OpenAI.Responses.ResponseInputContent[]).map(userLine);
  }
  const by = item.role === 'developer' ? 'system' : item.role;
  return texts(content).map((text) => ({ by, text }));
}

function userLine(part: OpenAI.Responses.ResponseInputContent): SeenLine {
  if (part.type === 'input_text') return { by: 'user', text: part.text };
  if (part.type === 'input_image') {
    return { by: 'user', image: imageAt(part.image_url ?? '') };
  }
  throw new Error(`a part of type ${part.type}`);
}

/** Of parts of whatever kind. */
function texts(content: string | readonly object[] | null | undefined): string[] {
  if (content === null || content === undefined) return [];
  if (typeof content === 'string') return [content];
  return content.map((part) => ('text' in part ? String(part.text) : JSON.stringify(part)));
}
