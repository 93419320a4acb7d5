import type { ModelRequest, Tool } from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import { freeTextSchema } from '../anthropic-messages/tool-arguments.ts';
import type { JsonObject } from '../model/json-object.ts';
import { functionSchema } from './function-schema.ts';
import { modelTraits } from './model-traits.ts';

/**
 * Writes the tools and how the model may use them.
 *
 * @param ignored - takes the client's wishes that can't be honoured.
 */
export function encodeTools(
  request: ModelRequest,
  target: EncodeTarget,
  legalName: (name: string) => string,
  ignored: string[],
): JsonObject {
  const { toolChoice, parallelTools } = request;
  if (request.tools.length === 0) {
    // OpenAI refuses a choice without tools. `auto` and `none` hold anyhow then.
    if (toolChoice === 'required' || typeof toolChoice === 'object') ignored.push('tool_choice');
    return {};
  }
  const isOwn = request.extras.dialect === 'openai-chat';
  const wrapped = wrappedTools(request, target);
  const { tools, choice: wish } = chosenTools(request, target, ignored);
  let choice: unknown = wish;
  if (typeof wish === 'object') {
    const named = wish.map((tool) => reference(tool, legalName, wrapped));
    choice =
      named.length === 1
        ? named[0]
        : { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: named } };
  }
  return {
    tools: tools.map((tool) => encodeTool(tool, legalName, wrapped, isOwn)),
    ...(choice === undefined ? {} : { tool_choice: choice }),
    ...(parallelTools === undefined ? {} : { parallel_tool_calls: parallelTools }),
  };
}

/** The tools to send, and the choice among them; tools: the model must call one of these. */
export interface ChosenTools {
  readonly tools: readonly Tool[];
  readonly choice: 'auto' | 'none' | 'required' | readonly Tool[] | undefined;
}

/**
 * Decides how a choice of named tools is told. Few servers besides OpenAI's know `allowed_tools`:
 * others get the named ones alone, and must use one.
 *
 * @param ignored - takes a choice of tools that are not there.
 */
export function chosenTools(
  { tools, toolChoice }: ModelRequest,
  target: EncodeTarget,
  ignored: string[],
): ChosenTools {
  if (typeof toolChoice !== 'object') return { tools, choice: toolChoice };
  const named = tools.filter(({ name }) => toolChoice.names.includes(name));
  if (named.length === 0) {
    ignored.push('tool_choice');
    return { tools, choice: undefined };
  }
  return named.length === 1 || modelTraits(target.model).isOpenAi
    ? { tools, choice: named }
    : { tools: named, choice: 'required' };
}

/**
 * Free-text tools that are sent as functions: few servers besides OpenAI's know tools of type
 * `custom`. Their calls are unwrapped on the way back.
 */
export function wrappedTools({ tools }: ModelRequest, target: EncodeTarget): readonly string[] {
  if (modelTraits(target.model).isOpenAi) return [];
  return tools.filter(({ kind }) => kind === 'custom').map(({ name }) => name);
}

function reference(
  { kind, name }: Tool,
  legalName: (name: string) => string,
  wrapped: readonly string[],
): JsonObject {
  const type = wrapped.includes(name) ? 'function' : kind;
  return { type, [type]: { name: legalName(name) } };
}

function encodeTool(
  tool: Tool,
  legalName: (name: string) => string,
  wrapped: readonly string[],
  isOwn: boolean,
): JsonObject {
  const described = tool.description === undefined ? {} : { description: tool.description };
  const name = legalName(tool.name);
  if (wrapped.includes(tool.name)) {
    return { type: 'function', function: { name, ...described, parameters: freeTextSchema } };
  }
  if (tool.kind === 'custom') return { type: 'custom', custom: { name, ...described } };
  const { schema, strict } = tool;
  return {
    type: 'function',
    function: {
      name,
      ...described,
      ...(schema === undefined ? {} : { parameters: isOwn ? schema : functionSchema(schema) }),
      ...(strict === undefined ? {} : { strict }),
    },
  };
}
