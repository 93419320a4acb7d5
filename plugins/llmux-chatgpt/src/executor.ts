import type { WireExecutor } from '@cliproxy/plugin-api';
import type { ChatGptConfig } from './config.ts';
import { listModels } from './models.ts';

/** Moves Chat Completions to the vendor and back, as they are. */
export function chatGptExecutor(config: ChatGptConfig): WireExecutor {
  return {
    kind: 'wire',
    speaks: { 'openai-chat': ['generate'] },
    models: (context) => listModels(config, context),
    send: (call) =>
      call.http.request(
        { method: 'POST', url: config.baseUrl + call.path, headers: call.headers, body: call.body },
        call.signal,
      ),
  };
}
