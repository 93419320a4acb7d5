import type { ModelRequest, Operation } from '@cliproxy/plugin-api';
import type { EncodeTarget, WireExchange } from '@cliproxy/kernel';
import type { JsonObject } from '../model/json-object.ts';
import { editBody } from '../scan/edit-body.ts';
import { answerPipe } from './answer-pipe.ts';
import type { DecodeContext } from '../codec/answer-context.ts';
import type { DialectCodec } from '../codec/dialect-codec.ts';
import type { EncodedBody } from '../codec/encoded-body.ts';
import { unsupported } from './exchange.ts';
import type { Exchange, WireExchangeContext } from './exchange.ts';
import { pathOf } from '../codec/paths.ts';
import type { RequestBody } from './request-body.ts';
import { USAGE_PARAMETER, asksForUsage, usageQuestion, withUsageQuestion } from './stream-usage.ts';

/** What makes a request one: no model can refuse it. */
const REQUIRED: readonly string[] = [
  'model',
  'messages',
  'input',
  'contents',
  'generateContentRequest',
  'stream',
];
const NOTHING: readonly string[] = [];
const UNCHANGED: Renamed = { toolNames: new Map<string, string>() };

/** The client's bytes, for an upstream of the client's own dialect. */
export function passthroughExchange(
  exchange: Exchange,
  body: RequestBody,
  target: EncodeTarget,
): WireExchange {
  const { client, operation, stream, clientModel } = exchange;
  const path = pathOf(client.id, operation, target.model, stream);
  if (path === undefined) throw unsupported(`${client.id} has no operation ${operation}.`);

  const hidesUsageChunk =
    !exchange.includeUsage && target.usage === 'auto' && mayAskForUsage(exchange, target);
  const renames = target.model !== clientModel && body.top.has('model');
  let { bytes } = body;
  let ignored: readonly string[] = NOTHING;
  if (renames || hidesUsageChunk || target.refuses.length > 0) {
    ignored = target.refuses.filter((key) => body.top.has(key) && !REQUIRED.includes(key));
    bytes = edited(body, renames ? target.model : undefined, hidesUsageChunk, ignored);
  }
  // One literal, no spreading: every request comes through here.
  const context: WireExchangeContext = {
    client,
    operation,
    clientModel,
    stream,
    includeUsage: exchange.includeUsage,
    requestId: exchange.requestId,
    keeping: exchange.keeping,
    keep: exchange.keep,
    upstream: client,
    upstreamModel: target.model,
    passthrough: true,
    hidesUsageChunk,
    maxAnswerBytes: target.maxAnswerBytes,
    decoding: decodeContext(target, UNCHANGED),
  };
  return wireExchange({ context, path, body: bytes, ignored });
}

function edited(
  body: RequestBody,
  model: string | undefined,
  asksForUsageToo: boolean,
  remove: readonly string[],
): Buffer {
  const replace = new Map<string, Buffer>();
  const insert: Buffer[] = [];
  if (model !== undefined) replace.set('model', Buffer.from(JSON.stringify(model)));
  const question = asksForUsageToo ? usageQuestion(body) : undefined;
  if (question !== undefined && 'insert' in question) insert.push(question.insert);
  else if (question !== undefined) replace.set(USAGE_PARAMETER, question.value);
  return editBody(body.bytes, body.top, { replace, remove: new Set(remove), insert });
}

/** The client's request, written in the dialect of the upstream. */
export function translatedExchange(
  exchange: Exchange,
  request: ModelRequest,
  upstream: DialectCodec,
  target: EncodeTarget,
): WireExchange {
  const encoded = encodedFor(exchange.operation, request, upstream, target);
  const { body, ignored } = withoutRefused(encoded, target.refuses);
  const asks =
    mayAskForUsage(exchange, target) && (target.usage === 'auto' || exchange.includeUsage);
  const context: WireExchangeContext = {
    client: exchange.client,
    operation: exchange.operation,
    clientModel: exchange.clientModel,
    stream: exchange.stream,
    includeUsage: exchange.includeUsage,
    requestId: exchange.requestId,
    // Another vendor's answer is kept nowhere.
    keeping: upstream.id === exchange.client.id ? exchange.keeping : undefined,
    keep: exchange.keep,
    echo: exchange.echo,
    upstream,
    upstreamModel: target.model,
    passthrough: false,
    hidesUsageChunk: false,
    maxAnswerBytes: target.maxAnswerBytes,
    decoding: decodeContext(target, encoded),
  };
  return wireExchange({
    context,
    path: encoded.path,
    body: Buffer.from(JSON.stringify(asks ? withUsageQuestion(body) : body)),
    ignored,
  });
}

function encodedFor(
  operation: Operation,
  request: ModelRequest,
  upstream: DialectCodec,
  target: EncodeTarget,
): EncodedBody {
  const named = { ...request, model: target.model };
  if (operation === 'generate') return upstream.request.encode(named, target);
  if (operation === 'count-tokens' && upstream.count !== undefined) {
    return upstream.count.encodeRequest(named, target);
  }
  throw unsupported(`${operation} can't be translated to ${target.dialect}.`);
}

interface Prepared extends Omit<WireExchange, 'answer'> {
  readonly context: WireExchangeContext;
}

function wireExchange({ context, path, body, ignored }: Prepared): WireExchange {
  return { path, body, ignored, answer: (head, stage) => answerPipe(context, head, stage) };
}

type Renamed = Pick<EncodedBody, 'toolNames' | 'customTools' | 'parameterNames'>;

function decodeContext(
  target: EncodeTarget,
  { toolNames, customTools, parameterNames }: Renamed,
): DecodeContext {
  const origin = `${target.instanceId}/${target.model}`;
  return { origin, toolNames, customTools, parameterNames };
}

function mayAskForUsage(exchange: Exchange, target: EncodeTarget): boolean {
  return (
    exchange.stream &&
    exchange.operation === 'generate' &&
    asksForUsage(target.dialect) &&
    !target.refuses.includes(USAGE_PARAMETER)
  );
}

function withoutRefused(
  { body, ignored }: EncodedBody,
  refuses: readonly string[],
): { readonly body: JsonObject; readonly ignored: readonly string[] } {
  const refused = refuses.filter((key) => Object.hasOwn(body, key) && !REQUIRED.includes(key));
  if (refused.length === 0) return { body, ignored };
  return {
    body: Object.fromEntries(Object.entries(body).filter(([key]) => !refused.includes(key))),
    ignored: [...new Set([...ignored, ...refused])],
  };
}
