import { GatewayError } from '@cliproxy/plugin-api';
import type { Json, ModelRequest, Part, Tool, ToolChoice, Turn } from '@cliproxy/plugin-api';

/** One line of a talk, in Acme's words. */
type TalkLine =
  | { readonly by: 'person'; readonly text: string }
  | { readonly by: 'engine'; readonly text: string; readonly uses?: readonly Use[] }
  | { readonly by: 'tool'; readonly use: string; readonly text: string; readonly failed?: true };

/** A tool that the engine used. */
interface Use {
  readonly id: string;
  readonly tool: string;
  /** JSON, as the engine wrote it. */
  readonly with: string;
}

/** What Acme is asked. */
export interface Question {
  readonly engine: string;
  readonly rules?: string;
  readonly lines: readonly TalkLine[];
  readonly tools?: readonly {
    readonly name: string;
    readonly about: string;
    readonly takes: Json;
  }[];
  readonly tool_use?: 'free' | 'never' | 'must';
  readonly word_limit?: number;
  readonly warmth?: number;
}

/**
 * Writes a request in Acme's words. What Acme can't do at all (`LACKS` in models.ts) never comes here:
 * the gateway sends such requests elsewhere.
 *
 * @throws GatewayError `UPSTREAM_BAD_REQUEST` for what has no words there.
 */
export function questionOf(request: ModelRequest): Question {
  const { model, turns, toolChoice, maxOutputTokens, temperature } = request;
  const rules = turns.filter(isRule).map(({ parts }) => textOf(parts));
  const tools = allowed(request.tools, toolChoice).map(({ name, description = '', schema }) => ({
    name,
    about: description,
    takes: schema ?? { type: 'object' },
  }));
  return {
    engine: model,
    ...(rules.length > 0 && { rules: rules.join('\n\n') }),
    lines: turns.filter((turn) => !isRule(turn)).flatMap(linesOf),
    ...(tools.length > 0 && { tools, tool_use: toolUse(toolChoice) }),
    ...(maxOutputTokens !== undefined && { word_limit: maxOutputTokens }),
    ...(temperature !== undefined && { warmth: temperature }),
  };
}

function isRule({ role }: Turn): boolean {
  return role === 'system' || role === 'developer';
}

function linesOf({ role, parts }: Turn): readonly TalkLine[] {
  const text = textOf(parts);
  if (role === 'assistant') {
    const uses = parts.flatMap((part) =>
      part.type === 'tool-call' ? [{ id: part.id, tool: part.name, with: part.argumentsJson }] : [],
    );
    return [{ by: 'engine', text, ...(uses.length > 0 && { uses }) }];
  }
  const results = parts.flatMap((part): TalkLine[] => {
    if (part.type !== 'tool-result') return [];
    const { callId, content, isError = false } = part;
    return [{ by: 'tool', use: callId, text: textOf(content), ...(isError && { failed: true }) }];
  });
  return [...results, ...(text === '' ? [] : [{ by: 'person' as const, text }])];
}

/** The text alone: tool calls and results have lines of their own, and what was thought is not repeated. */
function textOf(parts: readonly Part[]): string {
  return parts
    .flatMap((part) => {
      if (part.type === 'text' || part.type === 'refusal') return [part.text];
      if (part.type !== 'media') return [];
      const message = `Acme takes no ${part.mediaType} in this place`;
      throw new GatewayError('UPSTREAM_BAD_REQUEST', message, {
        failure: { kind: 'bad-request', scope: 'request', message },
      });
    })
    .join('\n');
}

function allowed(tools: readonly Tool[], choice: ToolChoice = 'auto'): readonly Tool[] {
  return typeof choice === 'string'
    ? tools
    : tools.filter(({ name }) => choice.names.includes(name));
}

function toolUse(choice: ToolChoice = 'auto'): 'free' | 'never' | 'must' {
  if (choice === 'auto') return 'free';
  return choice === 'none' ? 'never' : 'must';
}
