import { GatewayError } from '@cliproxy/plugin-api';
import type { ModelRequest } from '@cliproxy/plugin-api';
import type { EncodeTarget, WireExchange } from '@cliproxy/kernel';
import type { JsonObject } from '../model/json-object.ts';
import { editBody } from '../scan/edit-body.ts';
import { answerPipe } from './answer-pipe.ts';
import type { DialectCodec, EncodedBody } from './dialect-codec.ts';
import type { Exchange, WireExchangeContext } from './exchange.ts';
import { pathOf } from './paths.ts';
import type { RequestBody } from './request-body.ts';
import { USAGE_PARAMETER, asksForUsage, usageQuestion, withUsageQuestion } from './stream-usage.ts';

/** What makes a request one: no model can refuse it. */
const REQUIRED: readonly string[] = ['model', 'messages', 'stream'];
const UNCHANGED = { toolNames: new Map<string, string>() } as const;

/** The client's bytes, for an upstream of the client's own dialect. */
export function passthroughExchange(
  exchange: Exchange,
  body: RequestBody,
  target: EncodeTarget,
): WireExchange {
  const { client, operation, stream, clientModel } = exchange;
  const path = pathOf(client.id, operation, target.model, stream);
  if (path === undefined) throw unsupported(`${client.id} has no operation ${operation}.`);

  const ignored = target.refuses.filter((key) => body.top.has(key) && !REQUIRED.includes(key));
  const replace = new Map<string, Buffer>();
  const insert: Buffer[] = [];
  if (target.model !== clientModel && body.top.has('model')) {
    replace.set('model', Buffer.from(JSON.stringify(target.model)));
  }
  const hidesUsageChunk =
    mayAskForUsage(exchange, target) && target.usage === 'auto' && !exchange.includeUsage;
  if (hidesUsageChunk) {
    const question = usageQuestion(body);
    if (question !== undefined && 'insert' in question) insert.push(question.insert);
    else if (question !== undefined) replace.set(USAGE_PARAMETER, question.value);
  }
  const bytes = editBody(body.bytes, body.top, { replace, remove: new Set(ignored), insert });
  return wireExchange({
    context: { ...exchange, ...common(client, target), passthrough: true, hidesUsageChunk },
    path,
    body: bytes,
    ignored,
  });
}

/** The client's request, written in the dialect of the upstream. */
export function translatedExchange(
  exchange: Exchange,
  request: ModelRequest,
  upstream: DialectCodec,
  target: EncodeTarget,
): WireExchange {
  if (exchange.operation !== 'generate') {
    throw unsupported(`${exchange.operation} can't be translated to ${target.dialect}.`);
  }
  const encoded = upstream.request.encode({ ...request, model: target.model }, target);
  const { body, ignored } = withoutRefused(encoded, target.refuses);
  const asks =
    mayAskForUsage(exchange, target) && (target.usage === 'auto' || exchange.includeUsage);
  return wireExchange({
    context: {
      ...exchange,
      ...common(upstream, target, encoded),
      passthrough: false,
      hidesUsageChunk: false,
    },
    path: encoded.path,
    body: Buffer.from(JSON.stringify(asks ? withUsageQuestion(body) : body)),
    ignored,
  });
}

/** A `CLIENT_UNSUPPORTED`. */
export function unsupported(message: string): GatewayError {
  const failure = { kind: 'bad-request', scope: 'request' } as const;
  return new GatewayError('CLIENT_UNSUPPORTED', message, { failure });
}

interface Prepared extends Omit<WireExchange, 'answer'> {
  readonly context: WireExchangeContext;
}

function wireExchange({ context, path, body, ignored }: Prepared): WireExchange {
  return { path, body, ignored, answer: (head) => answerPipe(context, head) };
}

function common(
  upstream: DialectCodec,
  target: EncodeTarget,
  { toolNames, customTools }: Pick<EncodedBody, 'toolNames' | 'customTools'> = UNCHANGED,
): Pick<WireExchangeContext, 'upstream' | 'upstreamModel' | 'maxAnswerBytes' | 'decoding'> {
  return {
    upstream,
    upstreamModel: target.model,
    maxAnswerBytes: target.maxAnswerBytes,
    decoding: {
      origin: `${target.instanceId}/${target.model}`,
      toolNames,
      ...(customTools === undefined ? {} : { customTools }),
    },
  };
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
