import type { Json, ModelRequest, OutputFormat } from '@cliproxy/plugin-api';
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
} from './field-path.ts';
import { decodeMessages } from './message-decode.ts';
import { collectNested } from './nested-extras.ts';
import type { NestedExtras } from './nested-extras.ts';
import { decodeTools } from './tool-decode.ts';
import { collectExtras } from './top-level-extras.ts';

/**
 * Reads a client's request. Null counts as absent. What says only what holds anyhow (`n: 1`) is
 * dropped; everything else without a canonical name goes into the extras.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field by its path.
 */
export function decodeRequest(
  body: JsonObject,
  hints: { readonly model: string; readonly stream: boolean },
): ModelRequest {
  const fields: Record<string, Json> = {};
  const nested = collectNested(fields);
  const output = optional(body.response_format, 'response_format', (value, path) =>
    readFormat(objectAt(value, path), nested),
  );
  const effort = optional(body.reasoning_effort, 'reasoning_effort', stringAt);
  const maxOutputTokens =
    optional(body.max_completion_tokens, 'max_completion_tokens', countAt) ??
    optional(body.max_tokens, 'max_tokens', countAt);
  const temperature = optional(body.temperature, 'temperature', numberAt(0, 2));
  const topP = optional(body.top_p, 'top_p', numberAt(0, 1));
  const stop = optional(body.stop, 'stop', readStop);
  const parallel = optional(body.parallel_tool_calls, 'parallel_tool_calls', booleanAt);
  readStreamOptions(body, nested);
  const wishes = decodeTools(body, nested);
  const turns = decodeMessages(body.messages, nested);
  collectExtras(body, fields, { canonical: CANONICAL, idle: IDLE, checks: CHECKS });
  return {
    model: hints.model,
    stream: hints.stream,
    turns,
    ...wishes,
    ...(parallel === undefined ? {} : { parallelTools: parallel }),
    ...(output === undefined ? {} : { output }),
    ...(effort === undefined ? {} : { reasoning: { enabled: effort !== 'none', effort } }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(stop === undefined || stop.length === 0 ? {} : { stop }),
    extras: { dialect: 'openai-chat', fields },
  };
}

function readStop(value: unknown, path: string): readonly string[] {
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) throw mustBe(path, 'a string or an array of strings', value);
  return value.map((item, i) => stringAt(item, `${path}[${i}]`));
}

function readFormat(format: JsonObject, nested: NestedExtras): OutputFormat | undefined {
  const path = 'response_format';
  switch (format.type) {
    case 'text':
      return undefined;
    case 'json_object':
      return { type: 'json' };
    case 'json_schema': {
      const spec = objectAt(format.json_schema, `${path}.json_schema`);
      const schema = optional(spec.schema, `${path}.json_schema.schema`, objectAt) ?? {};
      const strict = optional(spec.strict, `${path}.json_schema.strict`, booleanAt);
      nested.addUnknown([path, 'json_schema'], spec, ['name', 'schema', 'strict']);
      return {
        type: 'json-schema',
        name: stringAt(spec.name, `${path}.json_schema.name`),
        schema: schema as Json,
        ...(strict === undefined ? {} : { strict }),
      };
    }
    default:
      throw mustBe(`${path}.type`, 'text, json_object or json_schema', format.type);
  }
}

/** Whether usage is wanted concerns the answer alone, which is written here. */
function readStreamOptions(body: JsonObject, nested: NestedExtras): void {
  const options = optional(body.stream_options, 'stream_options', objectAt);
  if (options === undefined) return;
  optional(options.include_usage, 'stream_options.include_usage', booleanAt);
  nested.addUnknown(['stream_options'], options, ['include_usage']);
}

const CANONICAL: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'tools',
  'tool_choice',
  'functions',
  'function_call',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'max_completion_tokens',
  'max_tokens',
  'temperature',
  'top_p',
  'stop',
  '__proto__',
]);

/** Values that ask for nothing. */
const IDLE: Readonly<Record<string, Json>> = { n: 1, logprobs: false, service_tier: 'auto' };

/** Extras that most upstreams read: a wrong type is told here, by its name. */
const CHECKS: Readonly<Record<string, (value: unknown, path: string) => unknown>> = {
  n: countAt,
  frequency_penalty: numberAt(-2, 2),
  presence_penalty: numberAt(-2, 2),
  logit_bias: objectAt,
  metadata: objectAt,
  modalities: arrayAt,
  prompt_cache_key: stringAt,
  safety_identifier: stringAt,
  service_tier: stringAt,
  user: stringAt,
  verbosity: stringAt,
};
