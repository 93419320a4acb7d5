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
      items: {
        type: 'string',
        description: 'An API key: one line without spaces.',
        minLength: 1,
        pattern: '^[\\x21-\\x7e]+$',
        writeOnly: true,
      },
      default: [],
    },
    baseUrl: {
      type: 'string',
      description: "The API's address with /v1 and no query, such as https://api.openai.com/v1.",
      pattern: '^https?://[^/?#@\\\\\\s]+(/[^?#\\s]*)?$',
      default: 'https://api.openai.com/v1',
    },
  },
});

/** The API's address as paths are put behind it: without a slash at its end. */
export function apiRoot({ baseUrl }: ChatGptConfig): string {
  return baseUrl.replace(/\/+$/u, '');
}
