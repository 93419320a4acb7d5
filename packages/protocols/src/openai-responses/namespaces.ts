import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';

/** Gives tools that stand in namespaces one name each, since no other dialect has namespaces. */
export interface Namespaces {
  /** The one name of a tool. */
  flat(namespace: string | undefined, name: string): string;
}

/**
 * A namespace and a name as one name. Namespaces such as `mcp__files__` bring their separator along.
 */
export function joinedName(namespace: string, name: string): string {
  return /[^a-zA-Z0-9]$/.test(namespace) ? namespace + name : `${namespace}__${name}`;
}

/** Reads the namespaces that a request declares. Never throws. */
export function namespacesOf(body: JsonObject): Namespaces {
  const names = declared(body);
  return {
    flat(namespace, name) {
      if (namespace === undefined) return name;
      return names.get(keyOf(namespace, name)) ?? joinedName(namespace, name);
    },
  };
}

/** How the client names the tools of its namespaces in calls, by their one name. */
export function clientNames(body: JsonObject): ReadonlyMap<string, JsonObject> {
  const calls = new Map<string, JsonObject>();
  for (const [key, flat] of declared(body)) {
    const [namespace, name] = JSON.parse(key) as readonly string[];
    calls.set(flat, { namespace, name });
  }
  return calls;
}

/** All tools of a request: its own, and those that an item of the input adds. */
export function declaredTools(body: JsonObject): readonly (readonly [string, unknown])[] {
  const tools: (readonly [string, unknown])[] = [];
  const add = (value: unknown, path: string): void => {
    if (!Array.isArray(value)) return;
    for (const [i, tool] of value.entries()) tools.push([`${path}[${i}]`, tool]);
  };
  add(body.tools, 'tools');
  if (Array.isArray(body.input)) {
    for (const [i, item] of body.input.entries()) {
      if (isJsonObject(item) && item.type === 'additional_tools') {
        add(item.tools, `input[${i}].tools`);
      }
    }
  }
  return tools;
}

function declared(body: JsonObject): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const tools = declaredTools(body)
    .map(([, tool]) => tool)
    .filter(isJsonObject);
  const taken = new Set<unknown>();
  for (const { name, type } of tools) if (type !== 'namespace') taken.add(name);
  for (const { type, name: namespace, tools: inner } of tools) {
    if (type !== 'namespace' || typeof namespace !== 'string' || !Array.isArray(inner)) continue;
    for (const { name } of inner.filter(isJsonObject)) {
      if (typeof name !== 'string' || names.has(keyOf(namespace, name))) continue;
      let flat = joinedName(namespace, name);
      while (taken.has(flat)) flat += '_';
      taken.add(flat);
      names.set(keyOf(namespace, name), flat);
    }
  }
  return names;
}

function keyOf(namespace: string, name: string): string {
  return JSON.stringify([namespace, name]);
}
