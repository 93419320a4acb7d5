import { definePlugin, services } from '@cliproxy/plugin-api';
import { echoConfig } from './config.ts';
import { echoExecutor } from './executor.ts';

/** Answers with what it was sent: for trying clients, routes and failures with no account. */
export default definePlugin({
  config: echoConfig,
  deps: { clock: services.clock },
  setup: ({ config }, { clock }) => ({
    executor: echoExecutor(config, clock),
    probes: [
      {
        id: 'alive',
        intervalMs: 60_000,
        timeoutMs: 1000,
        affects: 'report-only',
        check: async () => ({ status: 'up' }),
      },
    ],
  }),
});
