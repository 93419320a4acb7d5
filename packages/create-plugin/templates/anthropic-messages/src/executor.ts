import type { WireExecutor } from '@cliproxy/plugin-api';
import { ANTHROPIC_VERSION, listModels } from './models.js';

/**
 * Moves Messages to the API and back as they are. Clients of other dialects are translated by the
 * gateway.
 *
 * @param root - the API's address, without a slash at its end.
 */
export function providerExecutor(root: string): WireExecutor {
  return {
    kind: 'wire',
    // Without count-tokens, the gateway estimates, and says so.
    speaks: { 'anthropic-messages': ['generate', 'count-tokens'] },
    models: (context) => listModels(root, context),
    // Replies of any status go back as they came: the gateway knows the dialect's errors. Where the API
    // has errors of its own, add `failure` to the reply. The body stays a stream: what is not read
    // from it holds the upstream back, and `signal` ends it when the client leaves.
    send: (call) =>
      call.http.request(
        {
          method: 'POST',
          url: root + call.path,
          // The client's own version stands, where it sends one.
          headers: { 'anthropic-version': ANTHROPIC_VERSION, ...call.headers },
          body: call.body,
        },
        call.signal,
      ),
  };
}
