// A plugin whose author lets everything out that he has: into the log, into errors that he throws,
// rejects or leaves uncaught, into its probe, and into what it fills the memory with.
import { configSchema, definePlugin, secret } from '@cliproxy/plugin-api';
import { accessTokenOf, oauthLogin } from '@cliproxy/oauth';

export default definePlugin({
  config: configSchema({
    type: 'object',
    additionalProperties: false,
    required: ['baseUrl', 'clientSecret'],
    properties: {
      baseUrl: { type: 'string' },
      clientSecret: { type: 'string', writeOnly: true },
      fails: { type: 'boolean', default: false },
    },
  }),
  setup: ({ config, logger }) => {
    if (config.fails) {
      throw new Error(`the secret ${config.clientSecret} is not valid`, { cause: config });
    }
    /** Everything that an authenticator of a real vendor has in its hands. */
    const known = { clientSecret: config.clientSecret };
    const angry = () =>
      Object.assign(new Error(`refused: ${Object.values(known).join(' ')}`, { cause: known }), {
        config: { headers: { authorization: `Bearer ${known.accessToken}` } },
      });
    logger.debug(`configured with ${JSON.stringify(config)}`, { config });
    return {
      executor: executor(config.baseUrl, known, angry),
      authenticators: [authenticator(config, known, logger)],
      probes: [
        {
          id: 'talk',
          intervalMs: 60_000,
          timeoutMs: 5000,
          affects: 'report-only',
          check: async () => ({ status: 'down', detail: angry().message }),
        },
      ],
      accounts: [],
    };
  },
});

function executor(baseUrl, known, angry) {
  const outbursts = {
    'acme-throw': () => {
      throw angry();
    },
    'acme-reject': () => void Promise.reject(angry()),
    'acme-crash': () =>
      void setTimeout(
        () =>
          process.nextTick(() => {
            throw angry();
          }),
        50,
      ),
    'acme-fill': () => fill(Object.values(known).join(' ')),
    // What no gateway can hold back: the test must find it.
    'acme-leak': () => process.stderr.write(`leaked: ${known.accessToken}\n`),
  };
  return {
    kind: 'wire',
    speaks: { 'openai-chat': ['generate'] },
    models: async () => [{ id: 'acme-1' }],
    async send({ http, headers, body, signal, model }) {
      const url = `${baseUrl}/chat/completions`;
      const reply = await http.request({ method: 'POST', url, headers, body }, signal);
      outbursts[model]?.();
      return reply;
    },
  };
}

function authenticator({ baseUrl, clientSecret }, known, logger) {
  return {
    id: 'acme',
    method: 'oauth',
    async authorize(request, credential) {
      known.accessToken = accessTokenOf(credential).reveal();
      for (const [name, value] of Object.entries(credential.secrets)) known[name] = value.reveal();
      logger.info(`authorizing with ${known.accessToken}`, { credential, known });
      const headers = { ...request.headers, authorization: `Bearer ${known.accessToken}` };
      return { ...request, headers };
    },
    ...oauthLogin({
      server: {
        issuer: baseUrl,
        endpoints: {
          authorize: `${baseUrl}/authorize`,
          token: `${baseUrl}/token`,
          device: `${baseUrl}/device`,
          revoke: `${baseUrl}/revoke`,
        },
      },
      clientId: 'acme-client',
      clientSecret: secret(clientSecret),
      clientSecretIn: 'body',
      scopes: ['chat'],
      flows: ['redirect', 'device'],
      account: ({ answer }) => ({ key: answer.who, label: `${answer.who[0]}***` }),
      insecureLoopback: true,
    }),
  };
}

function fill(text) {
  const all = [];
  for (let n = 0; ; n += 1) all.push(Array.from({ length: 1000 }, (_, at) => `${at} ${n} ${text}`));
}
