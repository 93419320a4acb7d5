import type { WireExecutor } from '@cliproxy/plugin-api';
import { listModels } from './models.ts';

/**
 * Moves Gemini requests to the vendor and back, as they are.
 *
 * @param root - the API's address, without a slash at its end.
 */
export function geminiExecutor(root: string): WireExecutor {
  return {
    kind: 'wire',
    speaks: { gemini: ['generate', 'count-tokens'] },
    models: (context) => listModels(root, context),
    send: (call) =>
      call.http.request(
        { method: 'POST', url: root + call.path, headers: call.headers, body: call.body },
        call.signal,
      ),
  };
}
