import { apiKeyAccounts, definePlugin } from '@cliproxy/plugin-api';
import type { NewAccount } from '@cliproxy/plugin-api';
import { bearerKey } from './bearer-key.ts';
import { compatibleConfig, serviceOf } from './config.ts';
import { compatibleExecutor } from './executor.ts';
import { upstreamProbe } from './probe.ts';

/** The one account of a service that asks for no key. */
const KEYLESS: NewAccount = {
  key: 'keyless',
  authenticator: bearerKey.id,
  label: 'no key',
  credential: { secrets: {} },
};

/** Any service that speaks OpenAI's Chat Completions or Responses API. */
export default definePlugin({
  config: compatibleConfig,
  setup: ({ config }) => ({
    executor: compatibleExecutor(serviceOf(config), config),
    authenticators: [bearerKey],
    accounts:
      config.apiKeys.length === 0 ? [KEYLESS] : apiKeyAccounts(config.apiKeys, bearerKey.id),
    probes: [upstreamProbe(serviceOf(config))],
  }),
});
