import { configSchema } from '@cliproxy/plugin-api';

/** Configuration of `llmux-chatgpt`. */
export interface ChatGptConfig {
  /** OpenAI API keys; each is an account of its own. */
  readonly apiKeys: readonly string[];
  /** As the vendor's SDK means it: with `/v1`. */
  readonly baseUrl: string;
}

/** The schema that the configuration file is checked against. */
export const chatGptConfig = configSchema<ChatGptConfig>({
  type: 'object',
  additionalProperties: false,
  required: [],
  properties: {
    apiKeys: {
      type: 'array',
      description: 'OpenAI API keys; each is an account of its own.',
      items: { type: 'string', minLength: 1, writeOnly: true },
      default: [],
    },
    baseUrl: {
      type: 'string',
      description: "The API's address, with /v1.",
      pattern: '^https?://[^/]+(/.*[^/])?$',
      default: 'https://api.openai.com/v1',
    },
  },
});
