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
      if (stream) checkAlt(exchange);
      return { model: modelName(collection, named), stream };
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

/** @throws GatewayError `CLIENT_BAD_REQUEST` */
function checkAlt(exchange: Exchange): void {
  const alt = new URLSearchParams(exchange.query).get('alt');
  if (alt === null || alt === 'sse' || alt === 'json') return;
  throw new GatewayError(
    'CLIENT_BAD_REQUEST',
    `alt ${JSON.stringify(alt.slice(0, 100))} is not offered; add ?alt=sse for server-sent events`,
  );
}
