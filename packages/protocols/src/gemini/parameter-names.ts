import { toolNamer } from '../anthropic-messages/legal-names.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';

/**
 * Names of functions' parameters, as the API takes them: letters, digits and `_`, no digit first, at
 * most 64. Others (`x-y`, `$filter`) are sent under a name of their own, in schemas and in calls that
 * are sent back, and restored in the model's calls. Requests that need none pay for a look alone.
 *
 * @see https://github.com/googleapis/js-genai/blob/main/src/types.ts (`FunctionDeclaration`)
 */
export class ParameterNames {
  readonly #names = toolNamer(LEGAL, /\W+/g);
  readonly #byTool = new Map<string, Sent>();

  /** The schema of a tool's arguments under names that the API takes. */
  declare(tool: string, parameters: JsonObject): JsonObject {
    if (isLegal(parameters)) return parameters;
    const sent = new Map<string, string>();
    const renamed = this.#renamed(parameters, sent);
    this.#byTool.set(tool, sent);
    return renamed;
  }

  /** Arguments of an earlier call, under the names that the tool's schema is sent with. */
  sent(tool: string, args: JsonObject): JsonObject {
    const names = this.#byTool.get(tool);
    return names === undefined ? args : withNames(args, names);
  }

  /** Names that had to be changed, sent → the client's; undefined where none had to be. */
  get changed(): ReadonlyMap<string, string> | undefined {
    return this.#byTool.size === 0 ? undefined : this.#names.changed;
  }

  /** By the grammar of clean schemas: what stands in an `enum` is no name. */
  #renamed(node: JsonObject, sent: Map<string, string>): JsonObject {
    const { properties, required, items, anyOf } = node;
    const inner = (value: unknown): unknown =>
      isJsonObject(value) ? this.#renamed(value, sent) : value;
    const result: Record<string, unknown> = { ...node };
    if (isJsonObject(properties)) {
      const entries = Object.entries(properties).map(([name, schema]) => {
        const legal = this.#names.legal(name);
        if (legal === name) return [name, inner(schema)] as const;
        sent.set(name, legal);
        // Descriptions speak of it by this name.
        return [legal, { title: name, ...(inner(schema) as JsonObject) }] as const;
      });
      result.properties = Object.fromEntries(entries);
    }
    if (Array.isArray(required)) {
      result.required = required.map((name: string) => this.#names.legal(name));
    }
    if (items !== undefined) result.items = inner(items);
    if (Array.isArray(anyOf)) result.anyOf = anyOf.map(inner);
    for (const key of VALUES) if (key in node) result[key] = withNames(node[key], sent);
    return result;
  }
}

/** Old name → new name. */
type Sent = ReadonlyMap<string, string>;

const LEGAL = /^[a-zA-Z_][a-zA-Z0-9_]{0,63}$/;

/** Keywords that hold values for the node. */
const VALUES = ['default', 'example'] as const;

function isLegal({ properties, items, anyOf }: JsonObject): boolean {
  if (isJsonObject(properties)) {
    for (const [name, schema] of Object.entries(properties)) {
      if (!LEGAL.test(name) || (isJsonObject(schema) && !isLegal(schema))) return false;
    }
  }
  if (isJsonObject(items) && !isLegal(items)) return false;
  return !Array.isArray(anyOf) || anyOf.every((branch) => !isJsonObject(branch) || isLegal(branch));
}

/**
 * A value with its keys renamed, at any depth: where a schema refers to itself, the model goes deeper
 * than what it was told.
 */
export function withNames<T>(value: T, names: ReadonlyMap<string, string>): T;
export function withNames(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => withNames(item, names));
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.map(([key, inner]) => [names.get(key) ?? key, withNames(inner, names)]),
  );
}
