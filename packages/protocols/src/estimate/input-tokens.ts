import type { ModelRequest, Part, Tool } from '@cliproxy/plugin-api';
import { mediaTokens } from './media-tokens.ts';
import { textTokens } from './text-tokens.ts';

/**
 * Around each message, call and result, and around each tool: what the vendors' formats put there.
 *
 * @see https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken
 */
const FRAME_TOKENS = 3;
const TOOL_TOKENS = 12;

/**
 * About how many tokens a model would read of a request: its texts, tools, schemas and media. For a
 * client that asks where nobody can tell; see {@link textTokens} for how near it comes. Instructions
 * that a vendor adds by itself are not in it. At least 1, and never less for a request with more
 * in it.
 */
export function inputTokens({ turns, tools, output, extras }: ModelRequest): number {
  let tokens = FRAME_TOKENS;
  const read = (parts: readonly Part[]): void => {
    for (const part of parts) {
      switch (part.type) {
        case 'text':
        case 'refusal':
        case 'reasoning':
          tokens += textTokens(part.text);
          break;
        case 'media':
          tokens += mediaTokens(part, extras.dialect);
          break;
        case 'tool-call':
          tokens += FRAME_TOKENS + textTokens(part.name) + textTokens(part.argumentsJson);
          break;
        case 'tool-result':
          tokens += FRAME_TOKENS;
          read(part.content);
          break;
      }
    }
  };
  for (const { parts } of turns) {
    tokens += FRAME_TOKENS;
    read(parts);
  }
  for (const tool of tools) tokens += toolTokens(tool);
  if (output?.type === 'json-schema') tokens += textTokens(JSON.stringify(output.schema));
  return Math.ceil(tokens);
}

function toolTokens({ name, description = '', schema }: Tool): number {
  const written = schema === undefined ? '' : JSON.stringify(schema);
  return TOOL_TOKENS + textTokens(name) + textTokens(description) + textTokens(written);
}
