import type { WireExecutor } from '@cliproxy/plugin-api';
import type { CompatibleConfig, Service } from './config.ts';
import { listModels } from './models.ts';
import { spokenBy } from './spoken.ts';

/** Moves chats and embeddings to the service and back. */
export function compatibleExecutor(service: Service, config: CompatibleConfig): WireExecutor {
  return {
    kind: 'wire',
    ...spokenBy(config),
    passthrough: config.passthrough,
    models: (context) => listModels(service, config, context),
    send: (call) =>
      call.http.request(
        {
          method: 'POST',
          url: service.root + call.path,
          headers: { ...service.headers, ...call.headers },
          body: call.body,
        },
        call.signal,
      ),
  };
}
