import type { WireExecutor } from '@cliproxy/plugin-api';
import type { ClaudeConfig } from './config.ts';
import { listModels } from './models.ts';

/** Moves Anthropic Messages to the vendor and back, as they are. */
export function claudeExecutor(config: ClaudeConfig): WireExecutor {
  const version = { 'anthropic-version': config.anthropicVersion };
  return {
    kind: 'wire',
    speaks: { 'anthropic-messages': ['generate', 'count-tokens'] },
    models: (context) => listModels(config, context),
    send: (call) =>
      call.http.request(
        {
          method: 'POST',
          url: config.baseUrl + call.path,
          headers: { ...version, ...call.headers },
          body: call.body,
        },
        call.signal,
      ),
  };
}
