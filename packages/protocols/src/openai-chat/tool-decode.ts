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
} from './field-path.ts';
import type { NestedExtras } from './nested-extras.ts';

/** The tools of a request and how the model may use them. */
export interface ToolWishes {
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
}

/**
 * Reads `tools` and `tool_choice`, or their legacy forms `functions` and `function_call`. Hosted
 * tools, of other types than function and custom, go into the extras.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field by its path.
 */
export function decodeTools(body: JsonObject, extras: NestedExtras): ToolWishes {
  const allowed = readChoice(body);
  const keep = allowed?.subset;
  const tools: Tool[] = [];
  for (const [i, tool] of (optional(body.tools, 'tools', arrayAt) ?? []).entries()) {
    const path = `tools[${i}]`;
    const source = objectAt(tool, path);
    const type = stringAt(source.type, `${path}.type`);
    if (type !== 'function' && type !== 'custom') {
      extras.add(['tools', i], source);
      continue;
    }
    const spec = objectAt(source[type], `${path}.${type}`);
    const read = type === 'function' ? readFunctionTool : readCustomTool;
    const decoded = read(spec, `${path}.${type}`);
    if (keep !== undefined && !keep.includes(decoded.name)) continue;
    extras.addUnknown(['tools', tools.length], source, ['type', type]);
    extras.addUnknown(['tools', tools.length, type], spec, KNOWN[type]);
    tools.push(decoded);
  }
  for (const [i, spec] of (optional(body.functions, 'functions', arrayAt) ?? []).entries()) {
    tools.push(readFunctionTool(objectAt(spec, `functions[${i}]`), `functions[${i}]`));
  }
  return allowed === undefined ? { tools } : { tools, toolChoice: allowed.choice };
}

const KNOWN = {
  function: ['name', 'description', 'parameters', 'strict'],
  custom: ['name', 'description'],
} as const;

/** Reads a function, which both of OpenAI's dialects write alike. */
export function readFunctionTool(spec: JsonObject, path: string): Tool {
  const description = optional(spec.description, `${path}.description`, stringAt);
  const schema = optional(spec.parameters, `${path}.parameters`, objectAt);
  const strict = optional(spec.strict, `${path}.strict`, booleanAt);
  return {
    kind: 'function',
    name: nameAt(spec.name, `${path}.name`),
    ...(description === undefined ? {} : { description }),
    ...(schema === undefined ? {} : { schema: schema as Json }),
    ...(strict === undefined ? {} : { strict }),
  };
}

/** Reads a free-text tool. */
export function readCustomTool(spec: JsonObject, path: string): Tool {
  const description = optional(spec.description, `${path}.description`, stringAt);
  return {
    kind: 'custom',
    name: nameAt(spec.name, `${path}.name`),
    ...(description === undefined ? {} : { description }),
  };
}

/** @throws GatewayError `CLIENT_BAD_REQUEST` unless the value is a string that says something. */
export function nameAt(value: unknown, path: string): string {
  const name = stringAt(value, path);
  if (name === '') throw fieldError(path, 'must not be empty');
  return name;
}

interface Choice {
  readonly choice: ToolChoice;
  /** Only these tools may be used, if any is. */
  readonly subset?: readonly string[];
}

function readChoice(body: JsonObject): Choice | undefined {
  const legacy = body.tool_choice === undefined || body.tool_choice === null;
  const field = legacy ? 'function_call' : 'tool_choice';
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (value === 'auto' || value === 'none') return { choice: value };
  if (value === 'required' && !legacy) return { choice: value };
  const words = legacy ? 'none, auto or an object' : 'none, auto, required or an object';
  if (typeof value === 'string') throw mustBe(field, words, value);
  const object = objectAt(value, field);
  if (legacy) return { choice: { names: [nameAt(object.name, `${field}.name`)] } };
  if (object.type === 'allowed_tools') return readAllowed(object, `${field}.allowed_tools`);
  return { choice: { names: [readNamed(object, field)] } };
}

/** With `auto`, the tools that are not allowed are left out: no other way says it to every target. */
function readAllowed(choice: JsonObject, path: string): Choice {
  const allowed = objectAt(choice.allowed_tools, path);
  const names = arrayAt(allowed.tools, `${path}.tools`).map((tool, i) =>
    readNamed(objectAt(tool, `${path}.tools[${i}]`), `${path}.tools[${i}]`),
  );
  if (names.length === 0) throw fieldError(`${path}.tools`, 'must hold at least one tool');
  if (allowed.mode === 'required') return { choice: { names } };
  if (allowed.mode === 'auto') return { choice: 'auto', subset: names };
  throw mustBe(`${path}.mode`, 'auto or required', allowed.mode);
}

function readNamed(choice: JsonObject, path: string): string {
  const { type } = choice;
  if (type !== 'function' && type !== 'custom') {
    throw mustBe(`${path}.type`, 'function, custom or allowed_tools', type);
  }
  return nameAt(objectAt(choice[type], `${path}.${type}`).name, `${path}.${type}.name`);
}
