import type { Dialect, ModelRequest, Tool } from '@cliproxy/plugin-api';
import { inputSchema } from '../anthropic-messages/input-schema.ts';
import type { ToolNamer } from '../anthropic-messages/legal-names.ts';
import type { KeptLeftovers } from '../anthropic-messages/leftovers.ts';
import { freeTextSchema } from '../anthropic-messages/tool-arguments.ts';
import type { JsonObject } from '../model/json-object.ts';
import { wishNames } from '../model/wish-names.ts';
import { checkChoice, noTools } from '../openai-chat/refusals.ts';
import type { ParameterNames } from './parameter-names.ts';
import { cleanSchema } from './schema-cleaner.ts';

/** The tools of a request, as the API wants them. */
export interface WrittenTools {
  /** `tools` and `toolConfig`, where there are any. */
  readonly fields: JsonObject;
  /** Names as sent, of tools that take free text. */
  readonly customTools: ReadonlySet<string>;
  readonly ignored: readonly string[];
}

/** Begins with a letter or `_`; older texts of the vendor say 64 characters, newer ones 128. */
export const LEGAL_TOOL_NAME = /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/;

/**
 * Writes tools and choice. The API has no switch for one call at a time, nor for functions that bind
 * their arguments: those wishes are named.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST` when a tool must be called that is not there.
 */
export function writeTools(
  request: ModelRequest,
  names: ToolNamer,
  parameters: ParameterNames,
  leftovers: KeptLeftovers,
): WrittenTools {
  const { toolChoice, parallelTools, extras } = request;
  const ignored: string[] = [];
  const declarations = new Map<string, JsonObject>();
  const hosted: JsonObject[] = [];
  const customTools = new Set<string>();
  request.tools.forEach((tool, part) => {
    const place = { in: 'tools[]', turn: 0, part } as const;
    hosted.push(...leftovers.blocks(place));
    const name = names.legal(tool.name);
    if (declarations.has(name)) {
      ignored.push(`tools[${part}]`);
      return;
    }
    declarations.set(name, {
      ...declare(tool, name, parameters),
      ...leftovers.keys(place, 'function'),
    });
    if (tool.kind === 'custom') customTools.add(name);
    if (tool.strict === true) ignored.push(wishNames.strict[extras.dialect]);
  });
  hosted.push(...leftovers.blocks({ in: 'tools[]', turn: 0, part: request.tools.length }));
  if (parallelTools === false && declarations.size > 0) {
    ignored.push(wishNames.parallelTools[extras.dialect]);
  }
  const config = writeChoice(toolChoice, names, declarations, extras.dialect);
  const tools = [
    ...(declarations.size === 0 ? [] : [{ functionDeclarations: [...declarations.values()] }]),
    ...hosted,
  ];
  return {
    fields: {
      ...(tools.length === 0 ? {} : { tools }),
      ...(config === undefined ? {} : { toolConfig: { functionCallingConfig: config } }),
    },
    customTools,
    ignored,
  };
}

function declare(tool: Tool, name: string, names: ParameterNames): JsonObject {
  const schema = tool.kind === 'custom' ? freeTextSchema : tool.schema;
  const parameters = schema === undefined ? {} : cleanSchema(inputSchema(schema), schema);
  return {
    name,
    ...(tool.description === undefined ? {} : { description: tool.description }),
    // The API refuses an object without properties there.
    ...(parameters.properties === undefined
      ? {}
      : { parameters: names.declare(tool.name, parameters) }),
  };
}

function writeChoice(
  choice: ModelRequest['toolChoice'],
  names: ToolNamer,
  declarations: ReadonlyMap<string, unknown>,
  from: Dialect,
): JsonObject | undefined {
  if (choice === undefined) return undefined;
  if (typeof choice === 'object') {
    checkChoice(choice.names, (name) => declarations.has(names.legal(name)), from);
    return { mode: 'ANY', allowedFunctionNames: choice.names.map((name) => names.legal(name)) };
  }
  if (declarations.size === 0) {
    if (choice === 'required') throw noTools(from);
    return undefined;
  }
  return { mode: MODES[choice] };
}

const MODES = { auto: 'AUTO', none: 'NONE', required: 'ANY' } as const;
