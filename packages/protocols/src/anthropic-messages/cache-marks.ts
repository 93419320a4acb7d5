import type { Json, ModelRequest, Turn } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { Place } from './leftovers.ts';

/** What becomes of another dialect's wishes to have the beginning of a request cached. */
export interface CacheMarks {
  /** For `keptLeftovers`: `cache_control` for the blocks that get one. */
  readonly fields: Readonly<Record<string, Json>>;
  /** The extras that are honoured by them. */
  readonly honoured: ReadonlySet<string>;
}

/**
 * Says in the API's way what clients of OpenAI's dialects ask for. Chat has marks of its own, which
 * OpenRouter and LiteLLM brought in and agents write for Claude's names: `cache_control` on messages,
 * their parts and tools. `prompt_cache_key` asks for caching without saying where: then what never
 * changes is marked, and the conversation so far. Without marks the API caches nothing, and agents
 * pay for their whole history with each turn.
 *
 * @see https://platform.claude.com/docs/en/build-with-claude/prompt-caching
 */
export function cacheMarks({ turns, extras: { dialect, fields } }: ModelRequest): CacheMarks {
  if (dialect === 'anthropic-messages' || dialect === 'gemini') return NONE;
  const written = dialect === 'openai-chat' ? writtenMarks(turns, fields) : [];
  const kept = [...written].sort(inApiOrder).slice(-MAX_MARKS);
  if (kept.length > 0) {
    const lost = new Set(written.filter((mark) => !kept.includes(mark)).map(({ name }) => name));
    return {
      fields: fieldsOf(kept),
      honoured: new Set([KEY, ...kept.map(({ name }) => name)].filter((name) => !lost.has(name))),
    };
  }
  if (typeof fields[KEY] !== 'string') return NONE;
  const system = turns.findLastIndex(({ role }) => isSystem(role));
  return {
    fields: fieldsOf(
      [...new Set([system, turns.length - 1])].flatMap((turn) => markOf(KEY, turns, turn) ?? []),
    ),
    honoured: new Set([KEY]),
  };
}

const NONE: CacheMarks = { fields: {}, honoured: new Set() };
const KEY = 'prompt_cache_key';
/** The API refuses more. */
const MAX_MARKS = 4;
const LISTS: readonly Place['in'][] = ['tools[]', 'system[]', 'messages[].content[]'];

interface Mark extends Place {
  /** The extra that asked for it. */
  readonly name: string;
  readonly value: Json;
}

/** Reads what `collectNested` kept: `[[path, value], …]` under a name without indexes. */
function writtenMarks(turns: readonly Turn[], fields: Readonly<Record<string, Json>>): Mark[] {
  return NAMES.flatMap((name) => {
    const places = fields[name];
    if (!Array.isArray(places)) return [];
    return (places as readonly Json[]).flatMap((place) => {
      const [path, value] = place as readonly [readonly (string | number)[], Json];
      if (!isJsonObject(value) || value.type !== 'ephemeral') return [];
      const [, at, , part] = path;
      if (path[0] === 'tools') return { name, in: 'tools[]', turn: 0, part: at as number, value };
      return markOf(name, turns, at as number, part as number | undefined, value) ?? [];
    });
  });
}

const NAMES = [
  'tools[].cache_control',
  'messages[].cache_control',
  'messages[].content[].cache_control',
];

/** @param part - among what is no reasoning; absent: the last. */
function markOf(
  name: string,
  turns: readonly Turn[],
  turn: number,
  part?: number,
  value: Json = { type: 'ephemeral' },
): Mark | undefined {
  const { role, parts = [] } = turns[turn] ?? {};
  // Reasoning takes no mark.
  const able = parts.flatMap(({ type }, index) => (type === 'reasoning' ? [] : [index]));
  // A tool's result is one part, however many its content has.
  const index = able[Math.min(part ?? Infinity, able.length - 1)];
  if (role === undefined || index === undefined) return undefined;
  const list = isSystem(role) ? 'system[]' : 'messages[].content[]';
  return { name, in: list, turn, part: index, value };
}

function isSystem(role: Turn['role']): boolean {
  return role === 'system' || role === 'developer';
}

function inApiOrder(a: Mark, b: Mark): number {
  return LISTS.indexOf(a.in) - LISTS.indexOf(b.in) || a.turn - b.turn || a.part - b.part;
}

function fieldsOf(marks: readonly Mark[]): Record<string, Json> {
  const fields: Record<string, Json[]> = {};
  for (const { in: list, turn, part, value } of marks) {
    (fields[`${list}.cache_control`] ??= []).push([turn, part, '', value]);
  }
  return fields;
}
