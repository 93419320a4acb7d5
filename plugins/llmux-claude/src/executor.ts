import type { WireExecutor } from '@cliproxy/plugin-api';
import type { ClaudeApi } from './config.ts';
import { listModels } from './models.ts';

/** Moves Anthropic Messages to the vendor and back, as they are. */
export function claudeExecutor(api: ClaudeApi): WireExecutor {
  // The client's own version stands, and so do its betas.
  const version = { 'anthropic-version': api.version };
  return {
    kind: 'wire',
    speaks: { 'anthropic-messages': ['generate', 'count-tokens'] },
    models: (context) => listModels(api, context),
    send: (call) =>
      call.http.request(
        {
          method: 'POST',
          url: api.root + call.path,
          headers: { ...version, ...call.headers },
          body: call.body,
        },
        call.signal,
      ),
  };
}
