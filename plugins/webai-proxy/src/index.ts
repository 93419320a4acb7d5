import { definePlugin, services } from '@cliproxy/plugin-api';
import type { NewAccount } from '@cliproxy/plugin-api';
import { serviceOf, webaiConfig } from './config.ts';
import { cookieLogin } from './cookies/cookie-login.ts';
import { webaiExecutor } from './executor.ts';
import { serviceKey } from './service-key.ts';
import { KnownKind } from './service/known-kind.ts';
import { serviceProbe } from './service/probe.ts';
import { serviceChild } from './service/service-child.ts';

/** The service as it is, with what it knows of logins itself. */
const AS_IT_IS: NewAccount = {
  key: 'service',
  authenticator: 'service',
  label: 'the service as it is',
  credential: { secrets: {} },
};

/** A service of the operator's own that makes an API of web sessions. */
export default definePlugin({
  config: webaiConfig,
  deps: { supervisor: services.supervisor },
  setup({ config }, { supervisor }) {
    const service = serviceOf(config);
    const kinds = new KnownKind(service, config);
    return {
      executor: webaiExecutor(service, kinds),
      authenticators: [serviceKey(service), cookieLogin(service, kinds)],
      accounts: service.acceptsRisk ? [] : [AS_IT_IS],
      probes: [serviceProbe(service, kinds)],
      async start() {
        // `null` in the file means none.
        if (config.service) await supervisor.start(serviceChild(service, config.service));
      },
    };
  },
});
