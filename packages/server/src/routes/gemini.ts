import { GatewayError } from '@cliproxy/plugin-api';
import type { Operation } from '@cliproxy/plugin-api';
import type { Exchange } from '../edge/exchange.ts';
import { generate } from '../hot-path/generate.ts';
import type { Route } from './route.ts';

/**
 * Gemini's methods. They name the model in the path, and whether the answer is a stream.
 *
 * @param collection - the path of the models, without a slash at the end.
 * @see https://ai.google.dev/api/generate-content
 */
export function geminiMethods(collection: string): readonly Route[] {
  const method = (verb: string, operation: Operation, stream: boolean, summary: string): Route => ({
    method: 'POST',
    path: `${collection}/{model}:${verb}`,
    access: 'client',
    summary,
    handle: generate('gemini', operation, (exchange, named) => {
      const model = modelName(collection, named);
      return stream && !wantsEvents(exchange)
        ? { model, stream, form: 'json-array' }
        : { model, stream };
    }),
  });
  return [
    method('generateContent', 'generate', false, 'Gemini, without stream, for any model'),
    method('streamGenerateContent', 'generate', true, 'Gemini, as a stream'),
    method('countTokens', 'count-tokens', false, "A request's tokens, in Gemini's shape"),
  ];
}

/** Models have the collection's name before their own, in Gemini's lists and often in its paths. */
export function modelName(collection: string, named: string): string {
  if (collection.endsWith('/tunedModels')) return `tunedModels/${named}`;
  return named.startsWith('models/') ? named.slice('models/'.length) : named;
}

/**
 * Whether a stream is to be one of server-sent events; else it is a JSON array.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST`
 */
function wantsEvents({ query }: Exchange): boolean {
  const alt = new URLSearchParams(query).get('alt');
  if (alt === 'sse') return true;
  if (alt === null || alt === 'json') return false;
  throw new GatewayError(
    'CLIENT_BAD_REQUEST',
    `alt ${JSON.stringify(alt.slice(0, 100))} is not offered; add ?alt=sse for server-sent events`,
  );
}
