import { configSchema } from '@cliproxy/plugin-api';

/** What an operator writes under `config:`. */
export interface ProviderConfig {
  /** Where the API is. */
  readonly baseUrl: string;
  /** Tokens; each is an account of its own, beside those that are logged in. */
  readonly tokens: readonly string[];
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
  examples: [{ tokens: ['${«ENV»_TOKEN}'] }],
  properties: {
    baseUrl: {
      type: 'string',
      description: 'Where the API is, such as «BASE_URL».',
      pattern: '^https?://[^/?#@\\s]+(/[^?#\\s]*)?$',
      default: '«BASE_URL»',
    },
    tokens: {
      type: 'array',
      description: 'Tokens; each is an account of its own, beside those that are logged in.',
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
