import type { Json, Tool, ToolChoice } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import {
  arrayAt,
  fieldError,
  mustBe,
  objectAt,
  optional,
  stringAt,
} from '../openai-chat/field-path.ts';
import { nameAt, readCustomTool, readFunctionTool } from '../openai-chat/tool-decode.ts';
import type { ToolWishes } from '../openai-chat/tool-decode.ts';
import type { ItemExtras } from './item-extras.ts';
import { declaredTools } from './namespaces.ts';
import type { Namespaces } from './namespaces.ts';

/**
 * Reads `tools`, with those that items of the input add, and `tool_choice`. Namespaces are unfolded;
 * tools that run at the vendor go into the extras.
 *
 * @param fields - of the extras, for a choice of a tool that runs at the vendor.
 * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field by its path.
 */
export function decodeTools(
  body: JsonObject,
  fields: Record<string, Json>,
  extras: ItemExtras,
  names: Namespaces,
): ToolWishes {
  optional(body.tools, 'tools', arrayAt);
  const choice = readChoice(body, fields, names);
  const tools: Tool[] = [];
  const add = (source: JsonObject, path: string, namespace: string | undefined): void => {
    const tool = readTool(source, path);
    if (tool === undefined) {
      extras.whole('tools', { turn: 0, part: tools.length }, source);
      return;
    }
    const flat = { ...tool, name: names.flat(namespace, tool.name) };
    if (choice?.subset !== undefined && !choice.subset.includes(flat.name)) return;
    if (tools.some(({ name }) => name === flat.name)) return;
    extras.members('tools[]', { turn: 0, part: tools.length }, source, KNOWN);
    tools.push(flat);
  };
  for (const [path, value] of declaredTools(body)) {
    const source = objectAt(value, path);
    if (source.type !== 'namespace') {
      add(source, path, undefined);
      continue;
    }
    const namespace = nameAt(source.name, `${path}.name`);
    const about = optional(source.description, `${path}.description`, stringAt) ?? '';
    for (const [i, inner] of arrayAt(source.tools, `${path}.tools`).entries()) {
      const innerPath = `${path}.tools[${i}]`;
      const tool = objectAt(inner, innerPath);
      // What the namespace is about is told once, with its first tool.
      add(i === 0 ? introduced(tool, about) : tool, innerPath, namespace);
    }
  }
  return choice?.choice === undefined ? { tools } : { tools, toolChoice: choice.choice };
}

function introduced(tool: JsonObject, about: string): JsonObject {
  const { description } = tool;
  if (about === '') return tool;
  if ((description ?? '') === '') return { ...tool, description: about };
  return typeof description === 'string'
    ? { ...tool, description: `${about}\n\n${description}` }
    : tool;
}

const KNOWN: ReadonlySet<string> = new Set(['type', 'name', 'description', 'parameters', 'strict']);

/** @returns undefined for a tool that runs at the vendor. */
function readTool(source: JsonObject, path: string): Tool | undefined {
  const kind = stringAt(source.type, `${path}.type`);
  if (kind !== 'function' && kind !== 'custom') return undefined;
  return kind === 'function' ? readFunctionTool(source, path) : readCustomTool(source, path);
}

interface Choice {
  readonly choice?: ToolChoice;
  /** Only these tools may be used, if any is. */
  readonly subset?: readonly string[];
}

function readChoice(
  body: JsonObject,
  fields: Record<string, Json>,
  names: Namespaces,
): Choice | undefined {
  const path = 'tool_choice';
  const value = body.tool_choice;
  if (value === undefined || value === null) return undefined;
  if (value === 'auto' || value === 'none' || value === 'required') return { choice: value };
  if (typeof value === 'string') throw mustBe(path, 'none, auto, required or an object', value);
  const object = objectAt(value, path);
  const type = stringAt(object.type, `${path}.type`);
  if (type === 'allowed_tools') return readAllowed(object, path, fields, names);
  if (isNamed(type)) return { choice: { names: [readNamed(object, path, names)] } };
  fields.tool_choice = object as Json;
  return undefined;
}

/** With `auto`, the tools that are not allowed are left out: no other way says it to every target. */
function readAllowed(
  object: JsonObject,
  path: string,
  fields: Record<string, Json>,
  names: Namespaces,
): Choice {
  const tools = arrayAt(object.tools, `${path}.tools`).map((tool, i) => ({
    tool: objectAt(tool, `${path}.tools[${i}]`),
    at: `${path}.tools[${i}]`,
  }));
  if (tools.length === 0) throw fieldError(`${path}.tools`, 'must hold at least one tool');
  if (object.mode !== 'auto' && object.mode !== 'required') {
    throw mustBe(`${path}.mode`, 'auto or required', object.mode);
  }
  const allowed = tools
    .filter(({ tool, at }) => isNamed(stringAt(tool.type, `${at}.type`)))
    .map(({ tool, at }) => readNamed(tool, at, names));
  // Some of the allowed ones run at the vendor: only the vendor can honour that in full.
  if (allowed.length < tools.length) fields.tool_choice = object as Json;
  if (object.mode === 'auto') return { choice: 'auto', subset: allowed };
  return allowed.length === 0 ? {} : { choice: { names: allowed } };
}

function isNamed(type: string): boolean {
  return type === 'function' || type === 'custom';
}

function readNamed(object: JsonObject, path: string, names: Namespaces): string {
  const namespace = optional(object.namespace, `${path}.namespace`, stringAt);
  return names.flat(namespace, nameAt(object.name, `${path}.name`));
}
