import { apiKeyAccounts, definePlugin } from '@cliproxy/plugin-api';
import { apiKeyAuthenticator } from './api-key-authenticator.ts';
import { apiRoot, chatGptConfig } from './config.ts';
import { chatGptExecutor } from './executor.ts';
import { upstreamProbe } from './probe.ts';

/** GPT models by the OpenAI API, with API keys. */
export default definePlugin({
  config: chatGptConfig,
  setup: ({ config }) => ({
    executor: chatGptExecutor(apiRoot(config), config.models),
    authenticators: [apiKeyAuthenticator],
    accounts: apiKeyAccounts(config.apiKeys, apiKeyAuthenticator.id),
    probes: [upstreamProbe(apiRoot(config))],
  }),
});
