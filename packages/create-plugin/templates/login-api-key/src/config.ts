import { configSchema } from '@cliproxy/plugin-api';

/** What an operator writes under `config:`. */
export interface ProviderConfig {
  /** Where the API is. */
  readonly baseUrl: string;
  /** API keys; each is an account of its own. */
  readonly apiKeys: readonly string[];
}

/**
 * The gateway checks the configuration against this, and fills in the defaults, before the plugin sees
 * it. A misspelt key is refused by name. The compiler holds the schema to the interface above.
 */
export const providerConfig = configSchema<ProviderConfig>({
  type: 'object',
  additionalProperties: false,
  required: [],
  // What an operator would paste. The conformance checks begin with the first.
  examples: [{ apiKeys: ['${«ENV»_API_KEY}'] }],
  properties: {
    baseUrl: {
      type: 'string',
      description: 'Where the API is, such as «BASE_URL».',
      pattern: '^https?://[^/?#@\\s]+(/[^?#\\s]*)?$',
      default: '«BASE_URL»',
    },
    apiKeys: {
      type: 'array',
      description: 'API keys; each is an account of its own.',
      items: {
        type: 'string',
        minLength: 1,
        pattern: '^[\\x21-\\x7e]+$',
        // Masked wherever the configuration is printed, and in the log.
        writeOnly: true,
      },
      default: [],
    },
  },
});
