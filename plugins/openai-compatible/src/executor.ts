import type { WireExecutor } from '@cliproxy/plugin-api';
import type { CompatibleConfig } from './config.ts';
import { listModels } from './models.ts';

/** Moves Chat Completions to the service and back. */
export function compatibleExecutor(config: CompatibleConfig): WireExecutor {
  return {
    kind: 'wire',
    speaks: { 'openai-chat': ['generate'] },
    passthrough: config.passthrough,
    models: (context) => listModels(config, context),
    send: (call) =>
      call.http.request(
        {
          method: 'POST',
          url: config.baseUrl + call.path,
          headers: { ...call.headers, ...config.headers },
          body: call.body,
        },
        call.signal,
      ),
  };
}
