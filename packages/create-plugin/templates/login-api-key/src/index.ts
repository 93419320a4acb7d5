import { apiKeyAccounts, definePlugin } from '@cliproxy/plugin-api';
import { apiRoot } from './api-root.js';
import { apiKey } from './authenticator.js';
import { providerConfig } from './config.js';
import { providerExecutor } from './executor.js';
import { upstreamProbe } from './probe.js';

/**
 * «DESCRIPTION»
 *
 * What `setup` returns must be what `cliproxyPlugin.provides` in package.json says. It runs once for
 * each instance: keep state in here, never in a variable of a module.
 */
export default definePlugin({
  config: providerConfig,
  setup: ({ config }) => {
    const root = apiRoot(config.baseUrl);
    return {
      executor: providerExecutor(root),
      authenticators: [apiKey],
      accounts: apiKeyAccounts(config.apiKeys, apiKey.id),
      probes: [upstreamProbe(root)],
    };
  },
});
