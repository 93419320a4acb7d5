import { configSchema } from '@cliproxy/plugin-api';
import type { Dialect } from '@cliproxy/plugin-api';
import { signInConfig } from './sign-in/sign-in-config.ts';
import type { SignInConfig } from './sign-in/sign-in-config.ts';

/** Which of OpenAI's APIs are used for models of some names. */
export interface ModelRule {
  /** A model's name; `*` stands for any characters. */
  readonly match: string;
  /** Best first. */
  readonly dialects: readonly Extract<Dialect, 'openai-responses' | 'openai-chat'>[];
}

/** Configuration of `llmux-chatgpt`. */
export interface ChatGptConfig {
  /** OpenAI API keys; each is an account of its own. */
  readonly apiKeys: readonly string[];
  /** As the vendor's SDK means it: with `/v1`. */
  readonly baseUrl: string;
  /** Goes before what the plugin knows of OpenAI's models; the first that matches holds. */
  readonly models: readonly ModelRule[];
  /** Makes it an instance for ChatGPT accounts, in the place of API keys. */
  readonly signIn?: SignInConfig;
}

/** The schema that the configuration file is checked against. */
export const chatGptConfig = configSchema<ChatGptConfig>({
  type: 'object',
  additionalProperties: false,
  required: [],
  examples: [
    { apiKeys: ['${OPENAI_API_KEY}'] },
    {
      signIn: {
        acceptSubscriptionRisk: true,
        installationId: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
      },
    },
  ],
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
    models: {
      type: 'array',
      description:
        'By which API models are asked, where it is another than the plugin would choose.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['match', 'dialects'],
        properties: {
          match: {
            type: 'string',
            description: "A model's name; * stands for any characters.",
            minLength: 1,
            maxLength: 256,
          },
          dialects: {
            type: 'array',
            description: 'Best first; clients of either get their own where it is among them.',
            minItems: 1,
            uniqueItems: true,
            items: { type: 'string', enum: ['openai-responses', 'openai-chat'] },
          },
        },
      },
      default: [],
    },
    signIn: {
      ...signInConfig.json,
      description:
        'Makes it an instance for ChatGPT accounts, in the place of API keys; absent: off.',
      nullable: true,
    },
  },
});

/** The API's address as paths are put behind it: without a slash at its end. */
export function apiRoot({ baseUrl }: ChatGptConfig): string {
  return baseUrl.replace(/\/+$/u, '');
}
