import type Anthropic from '@anthropic-ai/sdk';
import type { Image } from '../conversation.ts';
import { calledAs } from './seen.ts';
import type { Seen, SeenLine } from './seen.ts';

/** See {@link Seen}. */
export function seenByAnthropic(body: Anthropic.MessageCreateParams): Seen {
  const names = new Map<string, string>();
  const { tool_choice: choice, thinking, system = [] } = body;
  return {
    system: typeof system === 'string' ? [system] : system.map(({ text }) => text),
    lines: body.messages.flatMap(({ role, content }) =>
      typeof content === 'string'
        ? [{ by: role, text: content }]
        : content.map((block) => line(role, block, names)),
    ),
    tools: (body.tools ?? []).flatMap((tool) =>
      'input_schema' in tool ? [{ name: tool.name, schema: tool.input_schema }] : [],
    ),
    toolChoice: readChoice(choice),
    parallelTools:
      choice !== undefined && 'disable_parallel_tool_use' in choice
        ? !(choice.disable_parallel_tool_use ?? false)
        : undefined,
    schema: body.output_config?.format?.schema,
    thinking: thinking && (thinking.type === 'disabled' ? 'off' : 'on'),
    maxTokens: body.max_tokens,
  };
}

function readChoice(choice: Anthropic.ToolChoice | undefined): Seen['toolChoice'] {
  if (choice?.type === 'tool') return { named: choice.name };
  return choice?.type === 'any' ? 'required' : choice?.type;
}

function line(
  by: Anthropic.MessageParam['role'],
  block: Anthropic.ContentBlockParam,
  names: Map<string, string>,
): SeenLine {
  switch (block.type) {
    case 'text':
      return { by, text: block.text };
    case 'image':
      return { by: 'user', image: imageOf(block.source) };
    case 'tool_use':
      names.set(block.id, block.name);
      return { by: 'assistant', call: block.name, arguments: block.input };
    case 'tool_result':
      return { by: 'tool', of: calledAs(names, block.tool_use_id), output: outputOf(block) };
    case 'thinking':
      return { by: 'assistant', thought: block.thinking, signature: block.signature };
    case 'redacted_thinking':
      return { by: 'assistant', thought: '', signature: block.data };
    default:
      throw new Error(`a block of type ${block.type}`);
  }
}

function imageOf(source: Anthropic.ImageBlockParam['source']): Image {
  switch (source.type) {
    case 'base64':
      return { png: source.data };
    case 'url':
      return { url: source.url };
    default:
      throw new Error(`an image by ${source.type}`);
  }
}

function outputOf({ content = '' }: Anthropic.ToolResultBlockParam): string {
  if (typeof content === 'string') return content;
  return content.map((part) => (part.type === 'text' ? part.text : `[${part.type}]`)).join('');
}
