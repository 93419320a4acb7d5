import type { WireExecutor } from '@cliproxy/plugin-api';
import { CLAUDE } from './claude-authenticator.ts';
import type { ClaudeApi } from './config.ts';
import { markRefusal } from './login-refusal.ts';
import { listModels } from './models.ts';

/** Moves Anthropic Messages to the vendor and back, as they are. */
export function claudeExecutor(api: ClaudeApi): WireExecutor {
  // The client's own version stands, and so do its betas.
  const version = { 'anthropic-version': api.version };
  return {
    kind: 'wire',
    speaks: { 'anthropic-messages': ['generate', 'count-tokens'] },
    models: (context) => listModels(api, context),
    send: (call) => {
      const reply = call.http.request(
        {
          method: 'POST',
          url: api.root + call.path,
          headers: { ...version, ...call.headers },
          body: call.body,
        },
        call.signal,
      );
      return call.account.authenticator === CLAUDE ? reply.then(markRefusal) : reply;
    },
  };
}
