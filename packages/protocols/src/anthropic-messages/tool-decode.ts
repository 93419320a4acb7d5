import type { Json, Tool, ToolChoice } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import {
  arrayAt,
  booleanAt,
  fieldError,
  mustBe,
  objectAt,
  optional,
  stringAt,
} from '../openai-chat/field-path.ts';
import type { Leftovers } from './leftovers.ts';

/** The tools of a request and how the model may use them. */
export interface ToolWishes {
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  readonly parallelTools?: boolean;
}

/**
 * Reads `tools` and `tool_choice`. The vendor's own tools, of other types than `custom`, go to the
 * leftovers.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field by its path.
 */
export function decodeTools(body: JsonObject, leftovers: Leftovers): ToolWishes {
  const tools: Tool[] = [];
  for (const [i, item] of (optional(body.tools, 'tools', arrayAt) ?? []).entries()) {
    const path = `tools[${i}]`;
    const tool = objectAt(item, path);
    const type = optional(tool.type, `${path}.type`, stringAt) ?? 'custom';
    const place = { in: 'tools[]', turn: 0, part: tools.length } as const;
    if (type !== 'custom') {
      leftovers.block(place, type, tool);
      continue;
    }
    leftovers.keys(place, type, tool, KNOWN);
    tools.push(readTool(tool, path));
  }
  return { tools, ...readChoice(body.tool_choice) };
}

const KNOWN = ['type', 'name', 'description', 'input_schema', 'strict'];

function readTool(tool: JsonObject, path: string): Tool {
  const name = stringAt(tool.name, `${path}.name`);
  if (name === '') throw fieldError(`${path}.name`, 'must not be empty');
  const description = optional(tool.description, `${path}.description`, stringAt);
  const strict = optional(tool.strict, `${path}.strict`, booleanAt);
  return {
    kind: 'function',
    name,
    schema: objectAt(tool.input_schema, `${path}.input_schema`) as Json,
    ...(description === undefined ? {} : { description }),
    ...(strict === undefined ? {} : { strict }),
  };
}

function readChoice(value: unknown): Omit<ToolWishes, 'tools'> {
  const choice = optional(value, 'tool_choice', objectAt);
  if (choice === undefined) return {};
  const path = 'tool_choice.disable_parallel_tool_use';
  const single = optional(choice.disable_parallel_tool_use, path, booleanAt);
  const parallel = single === true ? { parallelTools: false } : {};
  switch (choice.type) {
    case 'auto':
    case 'none':
      return { toolChoice: choice.type, ...parallel };
    case 'any':
      return { toolChoice: 'required', ...parallel };
    case 'tool':
      return { toolChoice: { names: [stringAt(choice.name, 'tool_choice.name')] }, ...parallel };
    default:
      throw mustBe('tool_choice.type', 'auto, any, tool or none', choice.type);
  }
}
