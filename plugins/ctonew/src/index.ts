import { definePlugin, services } from '@cliproxy/plugin-api';
import { configuredAccounts } from './accounts.ts';
import { ctonewAuthenticator } from './authenticator.ts';
import { cliExecutor } from './cli/cli-executor.ts';
import { checkRiskAccepted, ctonewConfig, serviceOf } from './config.ts';
import { ModelNames } from './models/model-names.ts';
import { upstreamProbe } from './probe.ts';
import { webExecutor } from './web/web-executor.ts';

/** Models of cto.new: by the API that its command line uses, or by the session of its web page. */
export default definePlugin({
  config: ctonewConfig,
  deps: { clock: services.clock },
  setup: ({ config, instanceId }, { clock }) => {
    checkRiskAccepted(config, instanceId);
    const service = serviceOf(config, clock);
    const names = new ModelNames(service);
    const authenticator = ctonewAuthenticator(service);
    return {
      executor: service.mode === 'cli' ? cliExecutor(service, names) : webExecutor(service, names),
      authenticators: [authenticator],
      accounts: configuredAccounts(config.tokens, authenticator.id),
      probes: [upstreamProbe(service)],
    };
  },
});
