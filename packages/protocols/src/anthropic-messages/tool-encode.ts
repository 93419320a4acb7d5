import type { ModelRequest, Tool } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import { wishNames } from '../model/wish-names.ts';
import { checkChoice, noTools } from '../openai-chat/refusals.ts';
import { inputSchema } from './input-schema.ts';
import type { ToolNamer } from './legal-names.ts';
import type { KeptLeftovers } from './leftovers.ts';
import type { Message } from './message-order.ts';
import type { ModelLine } from './model-line.ts';
import { strictSchema } from './strict-schema.ts';
import { freeTextSchema } from './tool-arguments.ts';

/** The tools of a request, as the API wants them. */
export interface WrittenTools {
  /** Never empty. */
  readonly tools?: readonly JsonObject[];
  readonly toolChoice?: JsonObject;
  /** The model must call a tool: it can't think then. */
  readonly forced: boolean;
  /** Names as sent, of tools that take free text. */
  readonly customTools: ReadonlySet<string>;
  readonly ignored: readonly string[];
}

/**
 * Writes tools and choice. A choice among several names becomes a shorter list of which one must be
 * called. Calls in the history need their tools declared: where the client sent none, they are
 * declared by name, and calling is forbidden.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST` when a tool must be called that is not there.
 */
export function writeTools(
  request: ModelRequest,
  messages: readonly Message[],
  line: ModelLine,
  names: ToolNamer,
  leftovers: KeptLeftovers,
): WrittenTools {
  const { toolChoice, parallelTools, extras } = request;
  const choice = writeChoice(toolChoice, names);
  const named = typeof toolChoice === 'object' ? toolChoice.names : [];
  const ignored: string[] = [];
  const tools: JsonObject[] = [];
  const sent = new Set<unknown>();
  const customTools = new Set<string>();
  const addKept = (part: number): void => {
    for (const tool of leftovers.blocks({ in: 'tools[]', turn: 0, part })) {
      tools.push(tool);
      sent.add(tool.name);
    }
  };
  request.tools.forEach((tool, index) => {
    addKept(index);
    if (named.length > 1 && !named.includes(tool.name)) return;
    const name = names.legal(tool.name);
    if (sent.has(name)) {
      ignored.push(`tools[${index}]`);
      return;
    }
    sent.add(name);
    const keys = leftovers.keys({ in: 'tools[]', turn: 0, part: index }, 'custom');
    tools.push({ ...writeTool(tool, name, line), ...keys });
    if (tool.strict === true && !line.schemas) ignored.push(wishNames.strict[extras.dialect]);
    if (tool.kind === 'custom') customTools.add(name);
  });
  addKept(request.tools.length);
  if (typeof toolChoice === 'object') {
    checkChoice(named, (name) => sent.has(names.legal(name)), extras.dialect);
  }
  if (tools.length === 0) {
    if (toolChoice === 'required') throw noTools(extras.dialect);
    return { ...declaredByName(messages), forced: false, customTools, ignored };
  }
  const single = parallelTools === false && choice?.type !== 'none';
  return {
    tools,
    ...(single
      ? { toolChoice: { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true } }
      : choice === undefined
        ? {}
        : { toolChoice: choice }),
    forced: choice?.type === 'any' || choice?.type === 'tool',
    customTools,
    ignored,
  };
}

function writeTool(tool: Tool, name: string, line: ModelLine): JsonObject {
  const described = tool.description === undefined ? {} : { description: tool.description };
  if (tool.kind === 'custom') return { name, ...described, input_schema: freeTextSchema };
  const schema = inputSchema(tool.schema);
  if (tool.strict !== true || !line.schemas) return { name, ...described, input_schema: schema };
  return { name, ...described, input_schema: strictSchema(schema), strict: true };
}

function writeChoice(choice: ModelRequest['toolChoice'], names: ToolNamer): JsonObject | undefined {
  if (choice === undefined) return undefined;
  if (typeof choice === 'string') return { type: choice === 'required' ? 'any' : choice };
  const [first = '', ...more] = choice.names;
  return more.length > 0 ? { type: 'any' } : { type: 'tool', name: names.legal(first) };
}

function declaredByName(messages: readonly Message[]): Pick<WrittenTools, 'tools' | 'toolChoice'> {
  const called = messages.flatMap(({ content }) =>
    content.flatMap(({ type, name }) => (type === 'tool_use' ? name : [])),
  );
  if (called.length === 0) return {};
  const tools = [...new Set(called)].map((name) => ({
    name,
    input_schema: inputSchema(undefined),
  }));
  return { tools, toolChoice: { type: 'none' } };
}
