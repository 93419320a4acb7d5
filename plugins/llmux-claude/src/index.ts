import { apiKeyAccounts, definePlugin } from '@cliproxy/plugin-api';
import { apiKeyAuthenticator } from './api-key-authenticator.ts';
import { claudeAuthenticator } from './claude-authenticator.ts';
import { claudeApi, claudeConfig } from './config.ts';
import { claudeExecutor } from './executor.ts';
import { upstreamProbe } from './probe.ts';

/** Claude models by the Anthropic Messages API, with API keys; with logins where that is opted into. */
export default definePlugin({
  config: claudeConfig,
  setup: ({ config }) => ({
    executor: claudeExecutor(claudeApi(config)),
    authenticators: [
      apiKeyAuthenticator,
      ...(config.oauth === undefined ? [] : [claudeAuthenticator(config.oauth)]),
    ],
    accounts: apiKeyAccounts(config.apiKeys, apiKeyAuthenticator.id),
    probes: [upstreamProbe(claudeApi(config))],
  }),
});
