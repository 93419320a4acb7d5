import type { ModelEntry } from '@cliproxy/kernel';
import { MAX_PAGE, placeOf } from './models-shape.ts';
import type { ModelShape } from './models-shape.ts';

/**
 * Anthropic's list: `after_id` onwards, or up to `before_id`, `limit` at a time.
 *
 * @see https://docs.anthropic.com/en/api/models-list: an unknown release date is the epoch.
 */
export const anthropicModels: ModelShape = {
  one: anthropicModel,
  page(models, query) {
    const limit = query.count('limit') ?? MAX_PAGE;
    const after = placeOf(models, query.text('after_id'));
    const before = after === undefined ? placeOf(models, query.text('before_id')) : undefined;
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
  },
};

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
