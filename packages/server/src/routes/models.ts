import type { ModelEntry } from '@cliproxy/kernel';
import { GatewayError } from '@cliproxy/plugin-api';
import { answerJson } from '../edge/answer.ts';
import type { Exchange } from '../edge/exchange.ts';
import type { RouteHandler } from './route.ts';

/** `GET /v1/models`. */
export const listModels: RouteHandler = (exchange, _grant, context) => {
  const models = context.kernel.models();
  const value = inAnthropicShape(exchange)
    ? anthropicPage(models, new URLSearchParams(exchange.query))
    : { object: 'list', data: models.map(openaiModel) };
  answerJson(exchange, context.draining, value);
};

/** `GET /v1/models/{id}`. */
export const oneModel: RouteHandler = (exchange, _grant, context) => {
  const id = modelId(exchange.path);
  const model = context.kernel.models().find((entry) => entry.id === id);
  if (model === undefined) {
    throw new GatewayError(
      'ROUTE_MODEL_NOT_FOUND',
      `there is no model ${JSON.stringify(id.slice(0, 200))} in the list; GET /v1/models shows it`,
    );
  }
  const shape = inAnthropicShape(exchange) ? anthropicModel : openaiModel;
  answerJson(exchange, context.draining, shape(model));
};

function inAnthropicShape(exchange: Exchange): boolean {
  return exchange.req.headers['anthropic-version'] !== undefined;
}

/** What follows `/v1/models/`, decoded once: clients send slashes in names as they are, or as %2F. */
function modelId(path: string): string {
  const raw = path.split('/').slice(3).join('/');
  try {
    return decodeURIComponent(raw);
  } catch {
    throw new GatewayError(
      'CLIENT_BAD_REQUEST',
      'the path is not well-formed percent-encoded UTF-8',
    );
  }
}

/** No vendor tells us when a model was made; 0 and its date stand for that. */
function openaiModel(entry: ModelEntry): object {
  return { id: entry.id, object: 'model', created: 0, owned_by: entry.ownedBy };
}

/** @see https://docs.anthropic.com/en/api/models-list: an unknown release date is the epoch. */
function anthropicModel(entry: ModelEntry): object {
  return {
    type: 'model',
    id: entry.id,
    display_name: entry.displayName ?? entry.id,
    created_at: '1970-01-01T00:00:00Z',
    ...(entry.contextTokens === undefined ? {} : { max_input_tokens: entry.contextTokens }),
    ...(entry.maxOutputTokens === undefined ? {} : { max_tokens: entry.maxOutputTokens }),
  };
}

/** Anthropic's SDK walks pages: `after_id` onwards, or up to `before_id`, `limit` at a time. */
function anthropicPage(models: readonly ModelEntry[], query: URLSearchParams): object {
  const limit = pageSize(query.get('limit'));
  const after = indexOf(models, query.get('after_id'));
  const before = after === undefined ? indexOf(models, query.get('before_id')) : undefined;
  const from = before === undefined ? (after ?? -1) + 1 : Math.max(0, before - limit);
  const to = before ?? Math.min(models.length, from + limit);
  const page = models.slice(from, to);
  return {
    data: page.map(anthropicModel),
    has_more: before === undefined ? to < models.length : from > 0,
    // Anthropic's shape has null where there is nothing.
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  };
}

function pageSize(limit: string | null): number {
  if (limit === null) return 1000;
  const size = Number(limit);
  if (Number.isInteger(size) && size >= 1 && size <= 1000) return size;
  throw new GatewayError(
    'CLIENT_BAD_REQUEST',
    `limit ${JSON.stringify(limit.slice(0, 100))} is not a whole number from 1 to 1000`,
  );
}

function indexOf(models: readonly ModelEntry[], id: string | null): number | undefined {
  if (id === null) return undefined;
  const index = models.findIndex((entry) => entry.id === id);
  if (index >= 0) return index;
  throw new GatewayError(
    'CLIENT_BAD_REQUEST',
    `there is no model ${JSON.stringify(id.slice(0, 200))} to page from`,
  );
}
