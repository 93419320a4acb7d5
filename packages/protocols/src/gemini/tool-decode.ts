import type { Json, Tool, ToolChoice } from '@cliproxy/plugin-api';
import type { Leftovers } from '../anthropic-messages/leftovers.ts';
import type { JsonObject } from '../model/json-object.ts';
import {
  arrayAt,
  fieldError,
  mustBe,
  objectAt,
  optional,
  stringAt,
} from '../openai-chat/field-path.ts';
import { camelKeys } from './field-names.ts';
import { jsonSchema } from './json-schema.ts';

/** The tools of a request and how the model may use them. */
export interface ToolWishes {
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
}

/** Begins the extras that are members of `toolConfig`. */
const TOOL_CONFIG = 'toolConfig.';

/**
 * Reads `tools` and `toolConfig`. The vendor's own tools (`googleSearch` and the like) go to the
 * leftovers; what else `toolConfig` says, to `fields`.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field by its path.
 */
export function decodeTools(
  body: JsonObject,
  leftovers: Leftovers,
  fields: Record<string, Json>,
): ToolWishes {
  const tools: Tool[] = [];
  for (const [i, item] of (optional(body.tools, 'tools', arrayAt) ?? []).entries()) {
    const { functionDeclarations, ...hosted } = camelKeys(objectAt(item, `tools[${i}]`));
    const path = `tools[${i}].functionDeclarations`;
    const declarations = optional(functionDeclarations, path, arrayAt) ?? [];
    for (const [k, declaration] of declarations.entries()) {
      tools.push(readTool(declaration, `${path}[${k}]`, tools.length, leftovers));
    }
    for (const [key, value] of Object.entries(hosted)) {
      const place = { in: 'tools[]', turn: 0, part: tools.length } as const;
      if (value !== null) leftovers.block(place, key, { [key]: value });
    }
  }
  const { choice, subset } = readChoice(body, fields);
  return {
    tools: subset === undefined ? tools : tools.filter(({ name }) => subset.includes(name)),
    ...(choice === undefined ? {} : { toolChoice: choice }),
  };
}

const KNOWN = ['name', 'description', 'parameters', 'parametersJsonSchema'];

function readTool(value: unknown, path: string, part: number, leftovers: Leftovers): Tool {
  const declaration = camelKeys(objectAt(value, path));
  leftovers.keys({ in: 'tools[]', turn: 0, part }, 'function', declaration, KNOWN);
  const name = stringAt(declaration.name, `${path}.name`);
  if (name === '') throw fieldError(`${path}.name`, 'must not be empty');
  const description = optional(declaration.description, `${path}.description`, stringAt);
  const schema =
    optional(declaration.parametersJsonSchema, `${path}.parametersJsonSchema`, objectAt) ??
    optional(declaration.parameters, `${path}.parameters`, (found, at) =>
      jsonSchema(objectAt(found, at), at),
    );
  return {
    kind: 'function',
    name,
    ...(description === undefined ? {} : { description }),
    ...(schema === undefined ? {} : { schema: schema as Json }),
  };
}

interface Choice {
  readonly choice?: ToolChoice;
  /** Only these tools may be used, if any is. */
  readonly subset?: readonly string[];
}

function readChoice(body: JsonObject, fields: Record<string, Json>): Choice {
  const config = camelKeys(optional(body.toolConfig, 'toolConfig', objectAt) ?? {});
  for (const [key, value] of Object.entries(config)) {
    if (key !== 'functionCallingConfig' && value !== null)
      fields[TOOL_CONFIG + key] = value as Json;
  }
  const path = 'toolConfig.functionCallingConfig';
  const calling = optional(config.functionCallingConfig, path, objectAt);
  if (calling === undefined) return {};
  const { mode, allowedFunctionNames, ...rest } = camelKeys(calling);
  for (const [key, value] of Object.entries(rest)) {
    if (value !== null) fields[`${path}.${key}`] = value as Json;
  }
  const at = `${path}.allowedFunctionNames`;
  const names = (optional(allowedFunctionNames, at, arrayAt) ?? []).map((name, i) =>
    stringAt(name, `${at}[${i}]`),
  );
  const allowed = names.length > 0;
  const word = optional(mode, `${path}.mode`, stringAt)?.toUpperCase() ?? 'MODE_UNSPECIFIED';
  // Beyond that the model may call or not, arguments must match their schema then.
  if (word === 'VALIDATED') fields[`${path}.mode`] = word;
  switch (word) {
    case 'NONE':
      return { choice: 'none' };
    case 'ANY':
      return { choice: allowed ? { names } : 'required' };
    case 'AUTO':
    case 'VALIDATED':
    case 'MODE_UNSPECIFIED':
      // No other way says it to every target.
      return { choice: 'auto', ...(allowed ? { subset: names } : {}) };
    default:
      throw mustBe(`${path}.mode`, 'AUTO, ANY, NONE or VALIDATED', mode);
  }
}
