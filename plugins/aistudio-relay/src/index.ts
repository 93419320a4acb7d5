import { definePlugin, services } from '@cliproxy/plugin-api';
import { createBrowserService } from './browser/browser-service.ts';
import { profileAuthenticator } from './browser/profile-authenticator.ts';
import { aistudioRelayConfig } from './config.ts';
import { createRelay } from './relay/create-relay.ts';

/** Gemini models by pages that are open in Google AI Studio. */
export default definePlugin({
  config: aistudioRelayConfig,
  deps: {
    accounts: services.accounts,
    address: services.address,
    clock: services.clock,
    supervisor: services.supervisor,
  },
  setup: ({ config, instanceId, logger }, { accounts, address, clock, supervisor }) => {
    const { pages } = config.browser;
    // What the operator names may connect.
    const origins = [...config.origins, ...pages.map(({ url }) => new URL(url).origin)];
    const { endpoint, executor, probe, view } = createRelay({
      instanceId,
      config: { ...config, origins },
      accounts,
      logger,
      clock,
      whyAway: (profile) => browsers.statusOf(profile)?.detail,
    });
    const browsers = createBrowserService({
      config: config.browser,
      baseUrl: config.baseUrl,
      relay: view,
      supervisor,
      address,
      logger,
    });
    return {
      executor,
      authenticators: pages.length === 0 ? [] : [profileAuthenticator(browsers)],
      accounts: [],
      probes: [probe],
      sockets: [endpoint],
      start: () => browsers.start(),
    };
  },
});
