import type { ModelEntry } from '@cliproxy/kernel';
import type { ModelShape } from './models-shape.ts';

/**
 * OpenAI's list, which has no pages. No vendor tells us when a model was made: 0 stands for that.
 *
 * @see https://platform.openai.com/docs/api-reference/models/list
 */
export const openaiModels: ModelShape = {
  one: openaiModel,
  page: (models) => ({ object: 'list', data: models.map(openaiModel) }),
};

function openaiModel(entry: ModelEntry): object {
  return { id: entry.id, object: 'model', created: 0, owned_by: entry.ownedBy };
}
