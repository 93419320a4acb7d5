import type { Dialect, Json, ModelRequest, OutputFormat } from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import { REPEATED, refuseUnanswerable } from '../anthropic-messages/extras.ts';
import { toolNamer } from '../anthropic-messages/legal-names.ts';
import type { EncodedBody } from '../codec/encoded-body.ts';
import { isJsonObject } from '../model/json-object.ts';
import { wishNames } from '../model/wish-names.ts';
import type { JsonObject } from '../model/json-object.ts';
import { sayingJson, speaksOfJson } from '../openai-chat/json-word.ts';
import { asksInVain, effortFor, isUnheard, modelTraits } from '../openai-chat/model-traits.ts';
import { writeSampling } from '../openai-chat/sampling.ts';
import { SHARED } from '../openai-chat/request-encode.ts';
import { wrappedTools } from '../openai-chat/tool-encode.ts';
import { withBindableFormat } from '../openai-chat/unbound-format.ts';
import { LEFT_OUTPUTS } from './call-outputs.ts';
import { STATE } from './input-decode.ts';
import { encodeInput } from './input-encode.ts';
import type { WrittenInput } from './input-encode.ts';
import { isItemExtra, keptItemExtras } from './item-extras.ts';
import { ENCRYPTED_REASONING } from './request-decode.ts';
import { encodeTools } from './tool-encode.ts';

/**
 * Writes a request for an upstream. Clients of other dialects send their whole conversation each
 * time: for them the vendor keeps nothing, and gives reasoning in the form that can be sent back.
 *
 * @throws GatewayError `CLIENT_UNSUPPORTED` for several answers at once, log probabilities, and
 *   media that the dialect has no part for.
 * @see https://platform.openai.com/docs/api-reference/responses/create
 */
export function encodeRequest(asked: ModelRequest, target: EncodeTarget): EncodedBody {
  const formatted = withBindableFormat(asked, target);
  const { request } = formatted;
  const namer = toolNamer();
  const legalName = (name: string) => namer.legal(name);
  const { dialect, fields } = request.extras;
  const isOwn = dialect === 'openai-responses';
  const kept = keptItemExtras(isOwn ? fields : {}, LEFT_OUTPUTS);
  const isState = isOwn && STATE.some((field) => Object.hasOwn(fields, field));
  const written = encodeInput(request, target, legalName, kept, isState);
  const ignored = [...formatted.ignored, ...written.ignored];
  if ((request.maxOutputTokens ?? least(dialect)) < least(dialect)) {
    ignored.push(wishNames.maxOutputTokens[dialect]);
  }
  // The dialect has no stop sequences.
  if (request.stop !== undefined && request.stop.length > 0) ignored.push(wishNames.stop[dialect]);
  const effort = effortFor(
    request.reasoning,
    modelTraits(target.model),
    isOwn || dialect === 'openai-chat',
  );
  if (isUnheard(request.reasoning, modelTraits(target.model), effort)) {
    ignored.push(wishNames.reasoning[dialect]);
  }
  const body: Record<string, unknown> = {
    model: target.model,
    ...(request.output?.type === 'json' && !isOwn ? inJson(written) : conversation(written)),
    ...encodeTools(request, target, legalName, kept),
    ...(request.output === undefined ? {} : { text: { format: encodeFormat(request.output) } }),
    ...encodeReasoning(request, target, effort),
    ...encodeLength(request, target),
    ...writeSampling(request, target.model, effort, ignored),
    ...(isOwn ? {} : { store: false }),
    ...(request.stream ? { stream: true } : {}),
  };
  for (const [name, value] of Object.entries(fields)) {
    if (!(isOwn ? putOwn : putForeign)(body, name, value, request)) ignored.push(name);
  }
  for (const name of target.refuses) {
    if (!Object.hasOwn(body, name) || REQUIRED.includes(name)) continue;
    Reflect.deleteProperty(body, name);
    ignored.push(name);
  }
  return {
    path: '/responses',
    body,
    ignored: [...new Set(ignored)],
    toolNames: namer.changed,
    customTools: new Set(wrappedTools(request, target).map(legalName)),
  };
}

const REQUIRED: readonly string[] = ['model', 'input', 'stream'];

function conversation({ instructions, input }: WrittenInput): JsonObject {
  return { ...(instructions === undefined ? {} : { instructions }), input };
}

/** The vendor refuses to write JSON unless the input speaks of it; its instructions don't count. */
function inJson(written: WrittenInput): JsonObject {
  const { instructions = '', input } = written;
  if (speaksOfJson(input)) return conversation(written);
  const content = [{ type: 'input_text', text: sayingJson(instructions) }];
  return { input: [{ type: 'message', role: 'developer', content }, ...input] };
}

/** Fewer tokens are refused: clients of other dialects may ask for them. */
function least(dialect: Dialect): number {
  return dialect === 'openai-responses' ? 1 : 16;
}

function encodeLength(
  { maxOutputTokens: wanted, extras }: ModelRequest,
  { maxOutputTokens: most }: EncodeTarget,
): JsonObject {
  if (wanted === undefined) return {};
  const tokens = Math.min(wanted, most ?? wanted);
  return { max_output_tokens: Math.max(least(extras.dialect), tokens) };
}

function encodeFormat(output: OutputFormat): JsonObject {
  if (output.type === 'json') return { type: 'json_object' };
  const { name, schema, strict } = output;
  return {
    type: 'json_schema',
    name: name.replace(/[^\w-]/g, '_').slice(0, 64) || 'answer',
    schema,
    ...(strict === undefined ? {} : { strict }),
  };
}

/**
 * Asks for reasoning that can be sent back, unless the model is known to have none: such models
 * refuse the question. A client of Messages that asks for thinking wants to see it.
 */
function encodeReasoning(
  request: ModelRequest,
  target: EncodeTarget,
  effort: string | undefined,
): JsonObject {
  const { reasoning: wish, extras } = request;
  const isOwn = extras.dialect === 'openai-responses';
  const traits = modelTraits(target.model);
  const isSeen =
    wish?.enabled === true &&
    !asksInVain(wish, traits) &&
    (wish.visible ?? (extras.dialect === 'anthropic-messages' && wish.effort !== 'none'));
  const reasoning = {
    ...(effort === undefined ? {} : { effort }),
    ...(isSeen ? { summary: 'auto' } : {}),
  };
  const mayReason = traits.isOpenAi ? traits.samplesAt !== undefined : wish?.enabled === true;
  const isStateless = !isOwn || extras.fields.store === false;
  return {
    ...(Object.keys(reasoning).length === 0 ? {} : { reasoning }),
    ...(mayReason && isStateless ? { include: [ENCRYPTED_REASONING] } : {}),
  };
}

type Body = Record<string, unknown>;

/** @returns false for what has no place. */
function putOwn(body: Body, name: string, value: Json): boolean {
  if (isItemExtra(name)) return !LEFT_OUTPUTS.includes(name);
  if (name === 'include' && Array.isArray(body.include) && Array.isArray(value)) {
    body.include = [...(body.include as unknown[]), ...(value as readonly unknown[])];
    return true;
  }
  const path = name.split('.');
  const last = path.pop() ?? name;
  let parent = body;
  for (const step of path) {
    const member = parent[step];
    const next: Body = isJsonObject(member) ? { ...member } : {};
    parent[step] = next;
    parent = next;
  }
  parent[last] = value;
  return true;
}

/** @returns false for what has no place. */
function putForeign(body: Body, name: string, value: Json, request: ModelRequest): boolean {
  refuseUnanswerable(name, value);
  if (REPEATED.has(name)) return true;
  if (request.extras.dialect !== 'openai-chat') return false;
  if (name === 'verbosity') {
    body.text = { ...(isJsonObject(body.text) ? body.text : {}), verbosity: value };
    return true;
  }
  if (name !== 'store' && !SHARED.includes(name)) return false;
  body[name] = value;
  return true;
}
