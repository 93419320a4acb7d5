import { modelRoute } from '../hot-path/generate.ts';
import * as shapes from '../schemas/gemini.ts';
import type { JsonSchema } from '../schemas/json-schema.ts';
import type { Query } from '../edge/query.ts';
import type { Route } from './route.ts';

const STREAM_QUERY: JsonSchema = {
  type: 'object',
  properties: {
    alt: { enum: ['json', 'sse'], default: 'json', description: 'the form of the stream' },
  },
};

/**
 * What Gemini's clients use. Its methods name the model in the path, and whether the answer is a
 * stream.
 *
 * @see https://ai.google.dev/api/generate-content
 */
export const geminiRoutes: readonly Route[] = [
  ...methodsOf('/v1beta/models'),
  // Tuned models; and any name with a slash, which the `ai` SDK takes for a path.
  ...methodsOf('/v1beta'),
  // Clients can be set to the first version of the API.
  ...methodsOf('/v1/models'),
];

/** Models have `models/` before their own name, in Gemini's lists and often in its paths. */
export function modelName(collection: string, named: string): string {
  if (collection === '/v1beta') return named;
  return named.startsWith('models/') ? named.slice('models/'.length) : named;
}

function methodsOf(collection: string): readonly Route[] {
  return [
    modelRoute({
      path: `${collection}/{model}:generateContent`,
      summary: 'Gemini, without stream, for any model',
      dialect: 'gemini',
      operation: 'generate',
      body: shapes.generateContentRequest,
      answers: { 'application/json': shapes.generateContentAnswer },
      factsOf: ({ named }) => ({ model: modelName(collection, named), stream: false }),
    }),
    modelRoute({
      path: `${collection}/{model}:streamGenerateContent`,
      summary: 'Gemini, as a stream: server-sent events with ?alt=sse, else a JSON array',
      dialect: 'gemini',
      operation: 'generate',
      query: STREAM_QUERY,
      body: shapes.generateContentRequest,
      answers: {
        'text/event-stream': shapes.generateContentAnswer,
        'application/json': { type: 'array', items: shapes.generateContentAnswer },
      },
      factsOf: ({ named, query }) => ({
        model: modelName(collection, named),
        stream: true,
        ...formOf(query),
      }),
    }),
    modelRoute({
      path: `${collection}/{model}:countTokens`,
      summary: "A request's tokens, in Gemini's shape",
      dialect: 'gemini',
      operation: 'count-tokens',
      body: shapes.geminiCountRequest,
      answers: { 'application/json': shapes.geminiCountAnswer },
      factsOf: ({ named }) => ({ model: modelName(collection, named), stream: false }),
    }),
  ];
}

function formOf(query: Query): { readonly form?: 'json-array' } {
  return query.text('alt') === 'sse' ? {} : { form: 'json-array' };
}
