import type { WireExecutor } from '@cliproxy/plugin-api';
import type { ModelRule } from './config.ts';
import { listModels } from './models.ts';
import { spokenTo } from './spoken.ts';

/**
 * Moves Responses, Chat Completions and embeddings to the vendor and back, as they are.
 *
 * @param root - the API's address, without a slash at its end.
 * @param rules - go before what is known of the models.
 */
export function chatGptExecutor(root: string, rules: readonly ModelRule[]): WireExecutor {
  return {
    kind: 'wire',
    ...spokenTo(rules),
    models: (context) => listModels(root, context),
    send: (call) =>
      call.http.request(
        { method: 'POST', url: root + call.path, headers: call.headers, body: call.body },
        call.signal,
      ),
  };
}
