import type { Json, ModelRequest, OutputFormat, ReasoningWish, Turn } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import {
  arrayAt,
  countAt,
  fieldError,
  mustBe,
  numberAt,
  objectAt,
  optional,
  stringAt,
} from '../openai-chat/field-path.ts';
import { decodeContent } from './content-decode.ts';
import { OUTPUT_CONFIG } from './extras.ts';
import { collectLeftovers } from './leftovers.ts';
import type { Leftovers } from './leftovers.ts';
import { decodeTools } from './tool-decode.ts';

/** What is known of a request beside its body. */
interface RequestHints {
  readonly model: string;
  readonly stream: boolean;
  /** True: only its tokens are to be counted, so it needs no `max_tokens`. */
  readonly counts?: boolean;
}

/**
 * Reads a client's request. Null counts as absent. What has no canonical name goes into the extras:
 * whole fields by their name, parts of blocks with their place.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field by its path.
 */
export function decodeRequest(body: JsonObject, hints: RequestHints): ModelRequest {
  const leftovers = collectLeftovers();
  const fields: Record<string, Json> = {};
  const maxOutputTokens =
    hints.counts === true
      ? optional(body.max_tokens, 'max_tokens', countAt)
      : countAt(body.max_tokens, 'max_tokens');
  const config = optional(body.output_config, 'output_config', objectAt) ?? {};
  for (const [key, value] of Object.entries(config)) {
    if (key !== 'effort' && key !== 'format') fields[OUTPUT_CONFIG + key] = value as Json;
  }
  const reasoning = readThinking(body, optional(config.effort, 'output_config.effort', stringAt));
  const output =
    optional(config.format, 'output_config.format', readFormat) ??
    optional(body.output_format, 'output_format', readFormat);
  const temperature = optional(body.temperature, 'temperature', numberAt(0, 1));
  const topP = optional(body.top_p, 'top_p', numberAt(0, 1));
  const stop = optional(body.stop_sequences, 'stop_sequences', stringsAt);
  const system = optional(body.system, 'system', (value) => decodeSystem(value, leftovers));
  const turns = decodeMessages(body.messages, system === undefined ? 0 : 1, leftovers);
  const wishes = decodeTools(body, leftovers);
  for (const [key, value] of Object.entries(body)) {
    if (!CANONICAL.has(key) && value !== null && value !== undefined) fields[key] = value as Json;
  }
  return {
    model: hints.model,
    stream: hints.stream,
    turns: [...(system === undefined ? [] : [system]), ...turns],
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...wishes,
    ...(output === undefined ? {} : { output }),
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(stop === undefined || stop.length === 0 ? {} : { stop }),
    extras: { dialect: 'anthropic-messages', fields: { ...fields, ...leftovers.fields } },
  };
}

const CANONICAL: ReadonlySet<string> = new Set([
  'model',
  'stream',
  'max_tokens',
  'messages',
  'system',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'output_format',
  'temperature',
  'top_p',
  'stop_sequences',
  '__proto__',
]);

function decodeSystem(value: unknown, leftovers: Leftovers): Turn {
  if (typeof value === 'string') return { role: 'system', parts: [{ type: 'text', text: value }] };
  const parts = arrayAt(value, 'system').map((item, part) => {
    const path = `system[${part}]`;
    const block = objectAt(item, path);
    if (block.type !== 'text') throw mustBe(`${path}.type`, 'text', block.type);
    leftovers.keys({ in: 'system[]', turn: 0, part }, 'text', block, ['type', 'text']);
    return { type: 'text', text: stringAt(block.text, `${path}.text`) } as const;
  });
  return { role: 'system', parts };
}

/** @param firstTurn - number of turns before the messages. */
function decodeMessages(value: unknown, firstTurn: number, leftovers: Leftovers): readonly Turn[] {
  const messages = arrayAt(value, 'messages');
  if (messages.length === 0) throw fieldError('messages', 'must hold at least one message');
  return messages.map((item, i) => {
    const path = `messages[${i}]`;
    const message = objectAt(item, path);
    const { role } = message;
    if (role !== 'user' && role !== 'assistant' && role !== 'system') {
      throw mustBe(`${path}.role`, 'user or assistant', role);
    }
    const parts = decodeContent(message.content, `${path}.content`, {
      leftovers,
      turn: firstTurn + i,
      in: role === 'system' ? 'system[]' : 'messages[].content[]',
    });
    return { role, parts };
  });
}

function readThinking(body: JsonObject, effort: string | undefined): ReasoningWish | undefined {
  const thinking = optional(body.thinking, 'thinking', objectAt);
  const told = effort === undefined ? {} : { effort };
  if (thinking === undefined) return effort === undefined ? undefined : { enabled: true, ...told };
  const display = optional(thinking.display, 'thinking.display', stringAt);
  const visible = display === undefined ? {} : { visible: display !== 'omitted' };
  switch (thinking.type) {
    case 'disabled':
      return { enabled: false };
    case 'adaptive':
      return { enabled: true, ...told, ...visible };
    case 'enabled': {
      const budgetTokens = countAt(thinking.budget_tokens, 'thinking.budget_tokens');
      return { enabled: true, budgetTokens, ...told, ...visible };
    }
    default:
      throw mustBe('thinking.type', 'enabled, adaptive or disabled', thinking.type);
  }
}

/** The dialect gives formats no name; others want one. */
function readFormat(value: unknown, path: string): OutputFormat {
  const format = objectAt(value, path);
  if (format.type !== 'json_schema') throw mustBe(`${path}.type`, 'json_schema', format.type);
  const schema = objectAt(format.schema, `${path}.schema`);
  return { type: 'json-schema', name: 'answer', schema: schema as Json };
}

function stringsAt(value: unknown, path: string): readonly string[] {
  return arrayAt(value, path).map((item, i) => stringAt(item, `${path}[${i}]`));
}
