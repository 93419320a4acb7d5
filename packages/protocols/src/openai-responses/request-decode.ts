import type { Json, ModelRequest, OutputFormat, ReasoningWish } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import {
  arrayAt,
  booleanAt,
  countAt,
  mustBe,
  numberAt,
  objectAt,
  optional,
  stringAt,
} from '../openai-chat/field-path.ts';
import { collectExtras } from '../openai-chat/top-level-extras.ts';
import { decodeInput } from './input-decode.ts';
import { collectItemExtras } from './item-extras.ts';
import { namespacesOf } from './namespaces.ts';
import { decodeTools } from './tool-decode.ts';

/** What of `include` is given in any case: reasoning that the client can send back. */
export const ENCRYPTED_REASONING = 'reasoning.encrypted_content';

/**
 * Reads a client's request. Null counts as absent. What says only what holds anyhow is dropped;
 * everything else without a canonical name goes into the extras.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field by its path.
 */
export function decodeRequest(
  body: JsonObject,
  hints: { readonly model: string; readonly stream: boolean },
): ModelRequest {
  const fields: Record<string, Json> = {};
  const extras = collectItemExtras(fields);
  const names = namespacesOf(body);
  const output = readText(body, fields);
  const reasoning = readReasoning(body, fields);
  const maxOutputTokens = optional(body.max_output_tokens, 'max_output_tokens', countAt);
  const temperature = optional(body.temperature, 'temperature', numberAt(0, 2));
  const topP = optional(body.top_p, 'top_p', numberAt(0, 1));
  const parallel = optional(body.parallel_tool_calls, 'parallel_tool_calls', booleanAt);
  const wishes = decodeTools(body, fields, extras, names);
  const turns = decodeInput(body, extras, names);
  readInclude(body, fields);
  readStreamOptions(body, fields);
  collectExtras(body, fields, { canonical: CANONICAL, idle: IDLE, checks: CHECKS });
  return {
    model: hints.model,
    stream: hints.stream,
    turns: turns.map(({ role, parts }) => ({ role, parts })),
    ...wishes,
    ...(parallel === undefined ? {} : { parallelTools: parallel }),
    ...(output === undefined ? {} : { output }),
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    extras: { dialect: 'openai-responses', fields },
  };
}

function readText(body: JsonObject, fields: Record<string, Json>): OutputFormat | undefined {
  const text = optional(body.text, 'text', objectAt) ?? {};
  addUnknown('text', text, ['format'], fields);
  const format = optional(text.format, 'text.format', objectAt);
  switch (format?.type) {
    case undefined:
      if (format !== undefined) throw mustBe('text.format.type', FORMATS, undefined);
      return undefined;
    case 'text':
      return undefined;
    case 'json_object':
      return { type: 'json' };
    case 'json_schema': {
      const strict = optional(format.strict, 'text.format.strict', booleanAt);
      addUnknown('text.format', format, ['type', 'name', 'schema', 'strict'], fields);
      return {
        type: 'json-schema',
        name: stringAt(format.name, 'text.format.name'),
        schema: objectAt(format.schema, 'text.format.schema') as Json,
        ...(strict === undefined ? {} : { strict }),
      };
    }
    default:
      throw mustBe('text.format.type', FORMATS, format?.type);
  }
}

const FORMATS = 'text, json_object or json_schema';

/** A summary is asked for to be seen; how long it shall be has no canonical name. */
function readReasoning(body: JsonObject, fields: Record<string, Json>): ReasoningWish | undefined {
  const reasoning = optional(body.reasoning, 'reasoning', objectAt);
  if (reasoning === undefined) return undefined;
  const effort = optional(reasoning.effort, 'reasoning.effort', stringAt);
  const summary =
    optional(reasoning.summary, 'reasoning.summary', stringAt) ??
    optional(reasoning.generate_summary, 'reasoning.generate_summary', stringAt);
  addUnknown('reasoning', reasoning, ['effort', 'summary', 'generate_summary'], fields);
  const isSeen = summary !== undefined && summary !== 'none';
  if (isSeen && summary !== 'auto') fields['reasoning.summary'] = summary;
  if (effort === undefined && !isSeen) return undefined;
  return {
    enabled: effort !== 'none',
    ...(effort === undefined ? {} : { effort }),
    ...(isSeen ? { visible: true } : {}),
  };
}

function readInclude(body: JsonObject, fields: Record<string, Json>): void {
  const include = optional(body.include, 'include', arrayAt) ?? [];
  const named = include.map((one, i) => stringAt(one, `include[${i}]`));
  const rest = named.filter((one) => one !== ENCRYPTED_REASONING);
  if (rest.length > 0) fields.include = rest;
}

/** Padding against eavesdroppers is the vendor's alone; there is none in what is written here. */
function readStreamOptions(body: JsonObject, fields: Record<string, Json>): void {
  const options = optional(body.stream_options, 'stream_options', objectAt) ?? {};
  const idle = options.include_obfuscation === false ? ['include_obfuscation'] : [];
  addUnknown('stream_options', options, idle, fields);
}

function addUnknown(
  path: string,
  object: JsonObject,
  known: readonly string[],
  fields: Record<string, Json>,
): void {
  for (const key in object) {
    const value = object[key];
    if (known.includes(key) || value === undefined || value === null) continue;
    fields[`${path}.${key}`] = value as Json;
  }
}

const CANONICAL: ReadonlySet<string> = new Set([
  'model',
  'input',
  'instructions',
  'stream',
  'stream_options',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'text',
  'reasoning',
  'include',
  'max_output_tokens',
  'temperature',
  'top_p',
  '__proto__',
]);

/** Values that ask for nothing. */
const IDLE: Readonly<Record<string, Json>> = {
  background: false,
  service_tier: 'auto',
  store: true,
  top_logprobs: 0,
  truncation: 'disabled',
};

/** Extras that most upstreams read: a wrong type is told here, by its name. */
const CHECKS: Readonly<Record<string, (value: unknown, path: string) => unknown>> = {
  background: booleanAt,
  client_metadata: objectAt,
  max_tool_calls: countAt,
  metadata: objectAt,
  previous_response_id: stringAt,
  prompt_cache_key: stringAt,
  safety_identifier: stringAt,
  service_tier: stringAt,
  store: booleanAt,
  top_logprobs: numberAt(0, 20),
  truncation: stringAt,
  user: stringAt,
};
