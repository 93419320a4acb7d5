import { apiKeyAccounts, definePlugin, services } from '@cliproxy/plugin-api';
import { KEY, keyAuthenticator } from './key-authenticator.ts';
import { acmeConfig } from './config.ts';
import { acmeExecutor } from './executor.ts';
import { loginAuthenticator } from './login-authenticator.ts';
import { upstreamProbe } from './probe.ts';

/** Acme's models, with API keys and with logins. */
export default definePlugin({
  config: acmeConfig,
  deps: { clock: services.clock },
  // Runs once for each instance. All state lives in here; importing this file does nothing.
  setup: ({ config }, { clock }) => {
    const api = { root: config.baseUrl.replace(/\/+$/u, ''), clock };
    return {
      executor: acmeExecutor(api),
      authenticators: [keyAuthenticator, loginAuthenticator(config)],
      // Those of the configuration. Those that log in are kept by the gateway.
      accounts: apiKeyAccounts(config.apiKeys, KEY),
      probes: [upstreamProbe(api)],
    };
  },
});
