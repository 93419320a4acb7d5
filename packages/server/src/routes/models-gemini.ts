import type { ModelEntry } from '@cliproxy/kernel';
import { placeOf } from './models-shape.ts';
import type { ModelShape } from './models-shape.ts';

const DEFAULT_PAGE = 50;

/**
 * Gemini's list: `pageSize` at a time, from where `pageToken` says.
 *
 * @see https://ai.google.dev/api/models#method:-models.list
 */
export const geminiModels: ModelShape = {
  one: geminiModel,
  page(models, query) {
    const limit = query.count('pageSize') ?? DEFAULT_PAGE;
    const token = query.text('pageToken');
    const last = placeOf(
      models,
      token === undefined ? undefined : Buffer.from(token, 'base64url').toString(),
    );
    const from = (last ?? -1) + 1;
    const page = models.slice(from, from + limit);
    const lastId = from + limit < models.length ? page.at(-1)?.id : undefined;
    return {
      models: page.map(geminiModel),
      ...(lastId === undefined ? {} : { nextPageToken: Buffer.from(lastId).toString('base64url') }),
    };
  },
};

function geminiModel(entry: ModelEntry): object {
  return {
    name: entry.id.startsWith('tunedModels/') ? entry.id : `models/${entry.id}`,
    displayName: entry.displayName ?? entry.id,
    ...(entry.contextTokens === undefined ? {} : { inputTokenLimit: entry.contextTokens }),
    ...(entry.maxOutputTokens === undefined ? {} : { outputTokenLimit: entry.maxOutputTokens }),
    supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'countTokens'],
  };
}
