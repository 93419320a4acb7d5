import type { ModelRequest, Tool } from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import { freeTextSchema } from '../anthropic-messages/tool-arguments.ts';
import type { JsonObject } from '../model/json-object.ts';
import { functionSchema } from './function-schema.ts';
import { modelTraits } from './model-traits.ts';
import { checkChoice, noTools } from './refusals.ts';

/**
 * Writes the tools and how the model may use them.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST` when a tool must be called that is not there.
 */
export function encodeTools(
  request: ModelRequest,
  target: EncodeTarget,
  legalName: (name: string) => string,
): JsonObject {
  const { parallelTools, extras } = request;
  const { tools, choice: wish } = chosenTools(request, target);
  const isOwn = extras.dialect === 'openai-chat';
  if (tools.length === 0 && !(isOwn && Object.hasOwn(extras.fields, 'tools[]'))) {
    if (wish === 'required') throw noTools(extras.dialect);
    // OpenAI refuses a choice without tools. `auto` and `none` hold anyhow then.
    return {};
  }
  const wrapped = wrappedTools(request, target);
  const write = (tool: Tool) => encodeTool(tool, legalName, wrapped, isOwn);
  let choice: unknown = wish;
  if (typeof wish === 'object') {
    const named = wish.map((tool) => reference(tool, legalName, wrapped));
    choice =
      named.length === 1
        ? named[0]
        : { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: named } };
  }
  return {
    ...(tools.length === 0 ? {} : { tools: tools.map(write) }),
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
 * @throws GatewayError `CLIENT_BAD_REQUEST` when a tool must be called that is not there.
 */
export function chosenTools(
  { tools, toolChoice, extras }: ModelRequest,
  target: EncodeTarget,
): ChosenTools {
  if (typeof toolChoice !== 'object') return { tools, choice: toolChoice };
  checkChoice(toolChoice.names, (name) => tools.some((tool) => tool.name === name), extras.dialect);
  const named = tools.filter(({ name }) => toolChoice.names.includes(name));
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
