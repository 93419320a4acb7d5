import { definePlugin, services } from '@cliproxy/plugin-api';
import { aistudioRelayConfig } from './config.ts';
import { createRelay } from './relay/create-relay.ts';

/** Gemini models by pages that are open in Google AI Studio. */
export default definePlugin({
  config: aistudioRelayConfig,
  deps: { accounts: services.accounts, clock: services.clock },
  setup: ({ config, instanceId, logger }, { accounts, clock }) => {
    const { endpoint, executor, probe } = createRelay({
      instanceId,
      config,
      accounts,
      logger,
      clock,
    });
    return { executor, accounts: [], probes: [probe], sockets: [endpoint] };
  },
});
