import type { WireExecutor } from '@cliproxy/plugin-api';
import { listModels } from './models.js';

/**
 * Moves Chat Completions to the service and back as they are. Clients of other dialects are translated
 * by the gateway.
 *
 * @param root - the service's address, without a slash at its end.
 */
export function providerExecutor(root: string): WireExecutor {
  return {
    kind: 'wire',
    // With embeddings: ['generate', 'embed'].
    speaks: { 'openai-chat': ['generate'] },
    models: listModels,
    // What a request with an unlisted name of the manifest's patterns can count on, for example:
    // unlisted: { lacks: ['images'], refuses: ['logit_bias'] },
    //
    // False where the service's answers need repair: they are then decoded and made anew.
    passthrough: true,
    // Replies of any status go back as they came: the gateway knows the dialect's errors. Where the
    // service has errors of its own, add `failure` to the reply. The body stays a stream: what is not
    // read from it holds the service back, and `signal` ends it when the client leaves.
    send: (call) =>
      call.http.request(
        { method: 'POST', url: root + call.path, headers: call.headers, body: call.body },
        call.signal,
      ),
  };
}
