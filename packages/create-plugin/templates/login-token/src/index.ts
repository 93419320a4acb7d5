import { apiKeyAccounts, definePlugin } from '@cliproxy/plugin-api';
import { apiRoot } from './api-root.js';
import { TOKEN, tokenAuthenticator } from './authenticator.js';
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
      authenticators: [tokenAuthenticator(root)],
      // Those of the configuration; those that were logged in the gateway keeps itself.
      accounts: apiKeyAccounts(config.tokens, TOKEN),
      probes: [upstreamProbe(root)],
    };
  },
});
