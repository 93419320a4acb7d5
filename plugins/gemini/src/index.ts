import { apiKeyAccounts, definePlugin } from '@cliproxy/plugin-api';
import { apiKeyAuthenticator } from './api-key-authenticator.ts';
import { apiRoot, geminiConfig } from './config.ts';
import { geminiExecutor } from './executor.ts';
import { upstreamProbe } from './probe.ts';

/** Gemini models by the Gemini API, with API keys. */
export default definePlugin({
  config: geminiConfig,
  setup: ({ config }) => ({
    executor: geminiExecutor(apiRoot(config)),
    authenticators: [apiKeyAuthenticator],
    accounts: apiKeyAccounts(config.apiKeys, apiKeyAuthenticator.id),
    probes: [upstreamProbe(apiRoot(config))],
  }),
});
