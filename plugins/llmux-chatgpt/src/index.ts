import { apiKeyAccounts, definePlugin, GatewayError, services } from '@cliproxy/plugin-api';
import { apiKeyAuthenticator } from './api-key-authenticator.ts';
import { apiRoot, chatGptConfig } from './config.ts';
import { chatGptExecutor } from './executor.ts';
import { upstreamProbe } from './probe.ts';
import { chatGptAuthenticator } from './sign-in/chatgpt-authenticator.ts';
import { signInExecutor } from './sign-in/sign-in-executor.ts';

/** GPT models by the OpenAI API, with API keys; or with ChatGPT accounts where that is opted into. */
export default definePlugin({
  config: chatGptConfig,
  deps: { clock: services.clock, address: services.address },
  setup({ config }, { clock, address }) {
    const root = apiRoot(config);
    const probes = [upstreamProbe(root)];
    if (config.signIn === undefined) {
      return {
        executor: chatGptExecutor(root, config.models),
        authenticators: [apiKeyAuthenticator],
        accounts: apiKeyAccounts(config.apiKeys, apiKeyAuthenticator.id),
        probes,
      };
    }
    if (config.apiKeys.length > 0 || config.models.length > 0) {
      throw new GatewayError(
        'PLUGIN_BAD_CONFIG',
        'signIn leaves no room for apiKeys and models: what a plan may do differs; mount the plugin twice',
      );
    }
    if (!address.local) {
      throw new GatewayError(
        'PLUGIN_BAD_CONFIG',
        "signIn is for one person on one machine, and server.host lets others reach the gateway; set it to 127.0.0.1, or use apiKeys (OpenAI's terms want approval for anything hosted or shared)",
      );
    }
    return {
      executor: signInExecutor(root, () => clock.now()),
      authenticators: [chatGptAuthenticator(config.signIn)],
      accounts: [],
      probes,
    };
  },
});
