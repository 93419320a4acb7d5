import type {
  Capability,
  Dialect,
  HeaderMap,
  HookBody,
  ModelRequest,
  Operation,
} from '@cliproxy/plugin-api';
import type {
  BodyCheck,
  ClientForm,
  ClientRequest,
  EncodeTarget,
  EstimatedAnswer,
  EventExchange,
  EventStage,
  EventTarget,
  RequestFacts,
} from '@cliproxy/kernel';
import { inputTokens } from '../estimate/input-tokens.ts';
import type { JsonObject } from '../model/json-object.ts';
import { withoutReasoning } from '../model/without-reasoning.ts';
import type { CountCodec } from '../codec/count-codec.ts';
import type { DialectCodec } from '../codec/dialect-codec.ts';
import type { EmbedCodec } from '../codec/embed-codec.ts';
import { contentTypeOf, unsupported } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import type { ItemMemory } from './item-memory.ts';
import { checkKeeps, keepsNothing, recalledBody } from './kept-state.ts';
import { once } from './once.ts';
import { withoutRefusedWishes } from './refused-wishes.ts';
import { replyExchange } from './reply-exchange.ts';
import { RequestBody } from './request-body.ts';
import { modelOf, streamOf } from './request-fields.ts';
import { inForm, spokenForm } from './spoken-form.ts';
import { includesUsage } from './stream-usage.ts';
import { eventPipe } from './translate-pipe.ts';
import { passthroughExchange, translatedExchange } from './wire-exchange.ts';

/** What `Dialects.read` is given. */
export interface RequestSource {
  readonly dialect: Dialect;
  readonly operation: Operation;
  readonly body: Buffer;
  readonly model?: string | undefined;
  readonly stream?: boolean | undefined;
  readonly form?: ClientForm | undefined;
  readonly check?: BodyCheck;
  readonly headers: HeaderMap;
  readonly requestId: string;
  readonly client?: string | undefined;
}

/** The dialects that are spoken. */
export type Codecs = Readonly<Partial<Record<Dialect, DialectCodec>>>;

/**
 * Reads a client's request; see `Dialects.read`.
 *
 * @throws GatewayError `CLIENT_BAD_JSON`, `CLIENT_BAD_REQUEST`
 */
export function readRequest(
  source: RequestSource,
  codecs: Codecs,
  memory?: ItemMemory,
): ClientRequest {
  const { dialect, operation } = source;
  const codec = codecOf(codecs, dialect);
  const read = new RequestBody(source.body);
  const { fields, top } = read;
  const model = modelOf(fields, top.has('model'), source.model);
  const asksForStream = streamOf(fields, top.has('stream'), source.stream);
  const stream = asksForStream && operation === 'generate';
  source.check?.((key) => read.kindOf(key));
  const form = spokenForm(codec, source.form, () => read.json());
  const client = form?.client ?? codec;
  const owner = source.client ?? '';
  const recalled = recalledBody(codec, read, (id) => memory?.find(owner, id));
  const json = (): JsonObject => recalled ?? read.json();
  const stores = operation === 'generate' && codec.state?.keeps(fields) === true;
  const sessionKey = client.request.sessionKey(fields, source.headers);
  const exchange: Exchange = {
    client,
    operation,
    clientModel: model,
    stream,
    includeUsage: includesUsage(fields),
    requestId: source.requestId,
    keeping: stores ? codec.state : undefined,
    keep: stores && memory ? (id, item) => memory.keep(owner, id, item) : undefined,
  };
  const decode = once((): ModelRequest => {
    if (operation === 'generate') return client.request.decode(json(), { model, stream });
    if (operation === 'count-tokens' && client.count !== undefined) {
      return client.count.decodeRequest(json(), { model });
    }
    throw unsupported(`${dialect} has no operation ${operation} that can be translated.`);
  });
  const needs = once((): readonly Capability[] =>
    operation === 'generate' ? client.request.needs(json()) : [],
  );
  const withEcho = once((): Exchange =>
    client.request.echo === undefined
      ? exchange
      : { ...exchange, echo: client.request.echo(json()) },
  );
  const state = codec.state?.namedIn(fields);
  const facts: RequestFacts = {
    dialect,
    operation,
    model,
    stream,
    ...(sessionKey !== undefined && { sessionKey }),
    ...(state !== undefined && { state }),
    needs,
  };
  /** What is told by reference alone, only its keeper can look up. */
  const checkWhole = (target: EventTarget): void => {
    const field = codec.state?.referredIn(decode());
    if (field !== undefined) throw keepsNothing(target, { field });
  };
  const passes = ({ passthrough, refuses }: EncodeTarget): boolean =>
    passthrough &&
    (refuses.length === 0 || client.passthrough.holdsRefused?.(json(), refuses) !== true);
  /**
   * @param ours - the request was changed: the client's bytes are not it any more.
   * @param body - of a request for embeddings, which is never encoded from anything else.
   * @param dropped - parameters of the client that are not in it.
   */
  const requestOf = (
    decode: () => ModelRequest,
    ours: boolean,
    body: RequestBody = read,
    dropped: readonly string[] = [],
  ): ClientRequest => ({
    facts,
    wire(target) {
      if (state !== undefined) checkKeeps(target, dialect, state);
      const same = target.dialect === dialect && client === codec;
      // Embeddings hold nothing to unwrap or repair.
      if (same && (operation === 'embed' || (!ours && passes(target) && !body.holdsTag))) {
        return inForm(form, withIgnored(passthroughExchange(exchange, body, target), dropped));
      }
      const upstream = codecOf(codecs, target.dialect);
      if (target.dialect !== dialect) checkWhole(target);
      return inForm(form, translatedExchange(withEcho(), decode(), upstream, target));
    },
    events(target): EventExchange {
      if (operation !== 'generate') throw unsupported(`${operation} is not offered as events.`);
      if (state !== undefined) throw keepsNothing(target, state);
      checkWhole(target);
      const { request, ignored } = withoutRefusedWishes(decode(), target.refuses);
      return inForm(form, {
        request: { ...request, model: target.model, ...clamped(request, target.maxOutputTokens) },
        ignored,
        answer: (stage?: EventStage) => eventPipe(withEcho(), target.maxAnswerBytes, stage),
      });
    },
    reply(target) {
      if (state !== undefined) throw keepsNothing(target, state);
      if (operation !== 'embed') checkWhole(target);
      const reply = replyExchange(exchange, target, decode, () => body.json());
      return withIgnored(reply, dropped);
    },
    estimate: () =>
      operation === 'count-tokens' ? estimatedCount(client.count, decode()) : undefined,
    body(): HookBody {
      if (operation !== 'embed') return { request: decode() };
      return { embed: embedOf(client).decodeRequest(body.json(), { model }).request };
    },
    withBody({ request, embed } = {}) {
      if (operation === 'embed') {
        const embeddings = embedOf(client);
        const now = embeddings.decodeRequest(body.json(), { model });
        const changed = embeddings.withRequest(body.json(), embed ?? now.request);
        const bytes = Buffer.from(JSON.stringify(changed));
        return requestOf(decode, true, new RequestBody(bytes), [...dropped, ...now.ignored]);
      }
      return requestOf(request === undefined ? decode : () => request, true, body);
    },
    withoutReasoning() {
      const rest = operation === 'embed' ? undefined : withoutReasoning(decode());
      return rest && requestOf(() => rest, true, body);
    },
  });
  return requestOf(decode, recalled !== undefined);
}

/** The same, with more parameters that are not honoured. */
function withIgnored<T extends { readonly ignored: readonly string[] }>(
  prepared: T,
  more: readonly string[],
): T {
  if (more.length === 0) return prepared;
  return { ...prepared, ignored: [...prepared.ignored, ...more] };
}

/** @throws GatewayError `CLIENT_UNSUPPORTED` */
function embedOf({ id, embed }: DialectCodec): EmbedCodec {
  if (embed === undefined) throw unsupported(`${id} has no operation embed.`);
  return embed;
}

function estimatedCount(
  count: CountCodec | undefined,
  request: ModelRequest,
): EstimatedAnswer | undefined {
  return (
    count && {
      contentType: contentTypeOf(false),
      body: Buffer.from(JSON.stringify(count.encodeAnswer(inputTokens(request)))),
      estimated: 'input_tokens',
    }
  );
}

/** @throws GatewayError `CLIENT_UNSUPPORTED` */
function codecOf(codecs: Codecs, dialect: Dialect): DialectCodec {
  const codec = codecs[dialect];
  if (codec === undefined) throw unsupported(`The gateway does not speak ${dialect} yet.`);
  return codec;
}

function clamped(
  { maxOutputTokens: wanted }: ModelRequest,
  limit: number | undefined,
): Pick<ModelRequest, 'maxOutputTokens'> {
  return wanted === undefined || limit === undefined || wanted <= limit
    ? {}
    : { maxOutputTokens: limit };
}
