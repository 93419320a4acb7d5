import type { Json, ModelRequest, OutputFormat } from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import { foreignWishes } from '../anthropic-messages/extras.ts';
import { toolNamer } from '../anthropic-messages/legal-names.ts';
import type { EncodedBody } from '../codec/encoded-body.ts';
import type { JsonObject } from '../model/json-object.ts';
import { wishNames } from '../model/wish-names.ts';
import { sayingJson, speaksOfJson } from './json-word.ts';
import { encodeMessages } from './message-encode.ts';
import { effortFor, isUnheard, modelTraits, takesSampling } from './model-traits.ts';
import { isNested, putBack } from './nested-extras.ts';
import { writeSampling, writeStop } from './sampling.ts';
import { encodeTools, wrappedTools } from './tool-encode.ts';
import { withBindableFormat } from './unbound-format.ts';

/**
 * Writes a request for an upstream.
 *
 * The limit of the answer's length is sent under one name: `max_completion_tokens` for OpenAI's
 * reasoning models (`gpt-5` and later, `o…`, `codex…`), which refuse the other, and `max_tokens` for
 * everything else, since many servers know no other; a name that the model refuses gives way.
 * Longer than the model's limit is cut to it. With `usage: auto`, a stream is asked for its usage.
 *
 * @throws GatewayError `CLIENT_UNSUPPORTED` for media that Chat has no part for.
 */
export function encodeRequest(asked: ModelRequest, target: EncodeTarget): EncodedBody {
  const formatted = withBindableFormat(asked, target);
  const { request } = formatted;
  const namer = toolNamer();
  const ignored: string[] = [...formatted.ignored];
  const messages = encodeMessages(request, target, (name) => namer.legal(name));
  const isOwn = request.extras.dialect === 'openai-chat';
  const body: Record<string, unknown> = {
    model: target.model,
    messages: request.output?.type === 'json' && !isOwn ? inJson(messages) : messages,
    ...encodeLength(request, target),
    ...(request.output === undefined ? {} : { response_format: encodeFormat(request.output) }),
    ...(request.stream ? { stream: true } : {}),
  };
  const { reasoning: wish, extras } = request;
  const traits = modelTraits(target.model);
  const effort = effortFor(wish, traits, isOwn);
  if (effort !== undefined) body.reasoning_effort = effort;
  if (isUnheard(wish, traits, effort)) ignored.push(wishNames.reasoning[extras.dialect]);
  // By Chat, OpenAI never shows it; others show what there is.
  else if (wish?.visible === true && traits.isOpenAi) {
    ignored.push(wishNames.visible[extras.dialect]);
  }
  Object.assign(
    body,
    writeSampling(request, target.model, effort, ignored),
    writeStop(request, target.model, effort, ignored),
  );
  Object.assign(
    body,
    encodeTools(request, target, (name) => namer.legal(name)),
  );
  encodeExtras(body, request, ignored);
  for (const name of target.refuses) {
    if (!Object.hasOwn(body, name) || REQUIRED.includes(name)) continue;
    Reflect.deleteProperty(body, name);
    ignored.push(name);
  }
  if (request.stream && target.usage === 'auto' && !target.refuses.includes('stream_options')) {
    body.stream_options = { ...(body.stream_options as JsonObject), include_usage: true };
  }
  return {
    path: '/chat/completions',
    body,
    ignored: [...new Set(ignored)],
    toolNames: namer.changed,
    customTools: new Set(wrappedTools(request, target).map((name) => namer.legal(name))),
  };
}

const REQUIRED: readonly string[] = ['model', 'messages', 'stream'];

/** Other vendors ask for no word about it, so their clients may say none. */
function inJson(messages: readonly JsonObject[]): readonly JsonObject[] {
  if (speaksOfJson(messages)) return messages;
  const [first, ...rest] = messages;
  return first?.role === 'system' && typeof first.content === 'string'
    ? [{ ...first, content: sayingJson(first.content) }, ...rest]
    : [{ role: 'system', content: sayingJson('') }, ...messages];
}

function encodeLength({ maxOutputTokens: wanted }: ModelRequest, target: EncodeTarget): JsonObject {
  if (wanted === undefined) return {};
  return { [lengthField(target)]: Math.min(wanted, target.maxOutputTokens ?? wanted) };
}

function lengthField({ model, refuses }: EncodeTarget): string {
  const [first, second] = modelTraits(model).wantsCompletionTokens
    ? ['max_completion_tokens', 'max_tokens']
    : ['max_tokens', 'max_completion_tokens'];
  return refuses.includes(first) && !refuses.includes(second) ? second : first;
}

function encodeFormat(output: OutputFormat): JsonObject {
  if (output.type === 'json') return { type: 'json_object' };
  const { name, schema, strict } = output;
  return {
    type: 'json_schema',
    json_schema: {
      name: name.replace(/[^\w-]/g, '_').slice(0, 64) || 'answer',
      schema,
      ...(strict === undefined ? {} : { strict }),
    },
  };
}

/** Fields that OpenAI's two dialects share, name and meaning. */
export const SHARED: readonly string[] = [
  'metadata',
  'prompt_cache_key',
  'prompt_cache_retention',
  'safety_identifier',
  'service_tier',
  'user',
];

/** Gemini's names for what has a name here. */
const FROM_GEMINI: ReadonlyMap<string, string> = new Map([
  ['generationConfig.seed', 'seed'],
  ['generationConfig.frequencyPenalty', 'frequency_penalty'],
  ['generationConfig.presencePenalty', 'presence_penalty'],
]);

/** What a field of Gemini's is here, where the model takes it. */
function commonName(name: string, { model, reasoning_effort: effort }: JsonObject) {
  const common = FROM_GEMINI.get(name);
  const isPenalty = common?.endsWith('_penalty') === true;
  return isPenalty && !takesSampling(String(model), effort as string | undefined)
    ? undefined
    : common;
}

function encodeExtras(
  body: Record<string, unknown>,
  { extras, stream }: ModelRequest,
  ignored: string[],
): void {
  const isOwn = extras.dialect === 'openai-chat';
  const nested: (readonly [string, Json])[] = [];
  for (const [name, value] of isOwn
    ? Object.entries(extras.fields)
    : foreignWishes(extras.fields)) {
    const isResponses = extras.dialect === 'openai-responses';
    const fits = isOwn || (isResponses && SHARED.includes(name));
    const common = extras.dialect === 'gemini' ? commonName(name, body) : undefined;
    if (common !== undefined) body[common] = value;
    else if (isResponses && name === 'text.verbosity') body.verbosity = value;
    else if (!fits) ignored.push(name);
    else if (isNested(name)) nested.push([name, value]);
    else if (!Object.hasOwn(body, name)) body[name] = value;
  }
  // Whole tools come last: they move the places of the others.
  nested.sort(([a], [b]) => Number(a === 'tools[]') - Number(b === 'tools[]'));
  for (const [name, places] of nested) {
    if (name === 'tools[]') body.tools ??= [];
    if (name.startsWith('stream_options.')) {
      if (!stream) continue;
      body.stream_options ??= {};
    }
    if (!putBack(body, places)) ignored.push(name);
  }
}
