import { configSchema } from '@cliproxy/plugin-api';

/** Configuration of `llmux-claude`. */
export interface ClaudeConfig {
  /** Anthropic API keys; each is an account of its own. */
  readonly apiKeys: readonly string[];
  /** As the vendor's SDK means it: without `/v1`. */
  readonly baseUrl: string;
  /** Value of `anthropic-version` where the client sends none. */
  readonly anthropicVersion: string;
}

/** The schema that the configuration file is checked against. */
export const claudeConfig = configSchema<ClaudeConfig>({
  type: 'object',
  additionalProperties: false,
  required: [],
  properties: {
    apiKeys: {
      type: 'array',
      description: 'Anthropic API keys; each is an account of its own.',
      items: { type: 'string', minLength: 1, writeOnly: true },
      default: [],
    },
    baseUrl: {
      type: 'string',
      description: "The API's address, without /v1.",
      pattern: '^https?://[^/]+(/.*[^/])?$',
      default: 'https://api.anthropic.com',
    },
    anthropicVersion: {
      type: 'string',
      description: 'Version of the API, where the client names none.',
      default: '2023-06-01',
    },
  },
});
