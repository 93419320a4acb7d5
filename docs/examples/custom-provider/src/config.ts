import { configSchema } from '@cliproxy/plugin-api';

/** What an operator writes under `plugins.acme.config`. */
export interface AcmeConfig {
  /** Each is an account of its own. */
  readonly apiKeys: readonly string[];
  /** Where the API is. */
  readonly baseUrl: string;
  /** Where people log in: the issuer of Acme's authorization server. */
  readonly loginUrl: string;
  /** The client that is registered there. */
  readonly clientId: string;
}

/** Credentials go there: plain http leads no further than this machine. */
const address = {
  type: 'string',
  pattern: '^(https://[^/?#@\\s]+|http://(127\\.0\\.0\\.1|localhost)(:\\d+)?)(/[^?#\\s]*)?$',
} as const;

/**
 * Checked before any of the plugin's code runs, with the defaults filled in. A misspelt key is named, with
 * what was meant. The compiler holds the schema to the interface above.
 */
export const acmeConfig = configSchema<AcmeConfig>({
  type: 'object',
  additionalProperties: false,
  required: [],
  // What an operator would paste; the checks of the plugin begin with the first.
  examples: [{ apiKeys: ['${ACME_API_KEY}'] }, {}],
  properties: {
    apiKeys: {
      type: 'array',
      description: 'API keys of Acme; each is an account of its own.',
      // `writeOnly`: masked wherever the configuration is printed, and in the log.
      items: { type: 'string', minLength: 1, pattern: '^[\\x21-\\x7e]+$', writeOnly: true },
      default: [],
    },
    baseUrl: {
      ...address,
      description: 'Where the API is.',
      default: 'https://api.acme.example',
    },
    loginUrl: {
      ...address,
      description: 'Where people log in.',
      default: 'https://login.acme.example',
    },
    clientId: {
      type: 'string',
      description: 'The client that is registered at Acme.',
      minLength: 1,
      default: 'cliproxy',
    },
  },
});

/** How the API is reached, and what time it is. */
export interface AcmeApi {
  /** Without a slash at its end. */
  readonly root: string;
  readonly clock: { now(): number };
}
