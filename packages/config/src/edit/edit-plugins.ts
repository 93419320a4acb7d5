import { isDeepStrictEqual } from 'node:util';
import { COLLECTION_STYLE, SCALAR_STYLE } from 'js-yaml';
import { readYaml } from '../yaml-document.ts';
import { flowText } from './flow-text.ts';
import { isMapping, isScalar, writtenTree } from './yaml-tree.ts';
import type { WrittenNode } from './yaml-tree.ts';

/** What an entry of `plugins` says. */
export interface NewPluginEntry {
  readonly package: string;
  readonly experimental?: boolean;
  readonly config?: unknown;
}

/**
 * Writes `enabled` at an instance into the text of a configuration; all else stays as it is written,
 * comments included.
 *
 * @returns the text, or `undefined` where it is written in a way that nothing can be put into: the person
 *   has to.
 */
export function editEnabled(
  text: string,
  instanceId: string,
  enabled: boolean,
): string | undefined {
  const entry = safeTree(text)?.children?.get('plugins')?.children?.get(instanceId);
  if (entry === undefined) return undefined;
  return checked(text, withEnabled(text, entry, enabled), (plugins) => {
    const { [instanceId]: former } = plugins;
    return { ...plugins, [instanceId]: { ...(former as object | null), enabled } };
  });
}

/**
 * Writes a new instance into `plugins`, before the others.
 *
 * @returns as {@link editEnabled}.
 */
export function editNewPlugin(
  text: string,
  instanceId: string,
  entry: NewPluginEntry,
): string | undefined {
  const root = safeTree(text);
  const plugins = root?.children?.get('plugins');
  if (root === undefined || plugins?.children?.has(instanceId) === true) return undefined;
  return checked(text, withPlugin(text, root, plugins, instanceId, entry), (former) => ({
    ...former,
    [instanceId]: entry,
  }));
}

/** An instance as lines of YAML, to be put below `plugins:`. */
export function pluginEntryText(instanceId: string, entry: NewPluginEntry): string {
  return entryLines(instanceId, entry).join('\n');
}

function entryLines(instanceId: string, entry: NewPluginEntry): readonly string[] {
  return [
    `${instanceId}:`,
    ...Object.entries(entry).map(([key, value]) => `  ${key}: ${flowText(value)}`),
  ];
}

function safeTree(text: string): WrittenNode | undefined {
  // The mark at the beginning would move every offset.
  if (text.startsWith('\uFEFF') || readYaml(text).problems.length > 0) return undefined;
  return writtenTree(text);
}

function withEnabled(text: string, entry: WrittenNode, enabled: boolean): string | undefined {
  const { event, children } = entry;
  const written = `enabled: ${enabled}`;
  if (isScalar(event)) {
    // A bare `id:`, or one with a null written out.
    const from = event.valueStart < 0 ? afterColon(text, entry.keyEnd) : event.valueStart;
    if (from === undefined) return undefined;
    const to = event.valueStart < 0 ? from : event.valueEnd;
    return spliced(text, from, to, `${event.valueStart < 0 ? ' ' : ''}{ ${written} }`);
  }
  if (!isMapping(event) || children === undefined) return undefined;
  const own = children.get('enabled');
  if (own !== undefined) return withValue(text, own, String(enabled));
  const [first] = children.values();
  if (event.style === COLLECTION_STYLE.FLOW) {
    if (first !== undefined) return insert(text, keyAt(text, first), `${written}, `);
    return inEmptyBraces(text, event.start, written);
  }
  if (first === undefined) return undefined;
  const at = keyAt(text, first);
  return insert(text, at, `${written}${newline(text)}${' '.repeat(columnOf(text, at))}`);
}

function withPlugin(
  text: string,
  root: WrittenNode,
  plugins: WrittenNode | undefined,
  instanceId: string,
  entry: NewPluginEntry,
): string | undefined {
  const end = newline(text);
  const block = (indent: number): string =>
    entryLines(instanceId, entry)
      .map((line) => `${' '.repeat(indent)}${line}${end}`)
      .join('');
  if (plugins === undefined) {
    if (!isMapping(root.event) || root.event.style === COLLECTION_STYLE.FLOW) return undefined;
    const gap = text.endsWith('\n') ? '' : end;
    return `${text}${gap}plugins:${end}${block(2)}`;
  }
  const { event, children } = plugins;
  const [first] = children?.values() ?? [];
  if (isMapping(event) && event.style === COLLECTION_STYLE.FLOW) {
    const flow = `${instanceId}: ${flowText(entry)}`;
    if (first === undefined) return inEmptyBraces(text, event.start, flow);
    return insert(text, keyAt(text, first), `${flow}, `);
  }
  const line = text.indexOf('\n', plugins.keyEnd) + 1;
  if (line === 0) return undefined;
  // Right below the key: comments that belong to the next one stay there.
  if (first !== undefined) return insert(text, line, block(columnOf(text, keyAt(text, first))));
  const bare = isScalar(event) && event.valueStart < 0;
  return bare ? insert(text, line, block(2)) : undefined;
}

/** Makes sure that the edit says what was meant and nothing else. */
function checked(
  text: string,
  edited: string | undefined,
  change: (plugins: Readonly<Record<string, unknown>>) => unknown,
): string | undefined {
  if (edited === undefined) return undefined;
  const before = readYaml(text).value as { readonly plugins?: Record<string, unknown> | null };
  const { value, problems } = readYaml(edited);
  const wanted = { ...before, plugins: change(before.plugins ?? {}) };
  return problems.length === 0 && isDeepStrictEqual(plain(value), plain(wanted))
    ? edited
    : undefined;
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

function withValue(text: string, node: WrittenNode, written: string): string | undefined {
  const { event } = node;
  if (!isScalar(event)) return undefined;
  if (event.valueStart < 0) {
    const at = afterColon(text, node.keyEnd);
    return at === undefined ? undefined : insert(text, at, ` ${written}`);
  }
  const quote =
    event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED
      ? 1
      : 0;
  return spliced(text, event.valueStart - quote, event.valueEnd + quote, written);
}

function inEmptyBraces(text: string, start: number, written: string): string | undefined {
  const braces = /^\{\s*\}/u.exec(text.slice(start))?.[0];
  if (braces === undefined) return undefined;
  return spliced(text, start, start + braces.length, `{ ${written} }`);
}

/** Where the key of a node begins, its quote included. */
function keyAt(text: string, { keyStart }: WrittenNode): number {
  const before = text[keyStart - 1];
  return before === '"' || before === "'" ? keyStart - 1 : keyStart;
}

function afterColon(text: string, keyEnd: number): number | undefined {
  const found = /^["']?\s*:/u.exec(text.slice(keyEnd))?.[0];
  return found === undefined ? undefined : keyEnd + found.length;
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1);
}

function newline(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

function insert(text: string, at: number, piece: string): string {
  return spliced(text, at, at, piece);
}

function spliced(text: string, from: number, to: number, piece: string): string {
  return text.slice(0, from) + piece + text.slice(to);
}
