import { configSchema } from '@cliproxy/plugin-api';
import { claudeLoginConfig } from './login-config.ts';
import type { ClaudeLoginConfig } from './login-config.ts';

/** Configuration of `llmux-claude`. */
export interface ClaudeConfig {
  /** Anthropic API keys; each is an account of its own. */
  readonly apiKeys: readonly string[];
  /** As the vendor's SDK means it: without `/v1`. */
  readonly baseUrl: string;
  /** Value of `anthropic-version` where the client sends none. */
  readonly anthropicVersion: string;
  /** Lets accounts of claude.ai log in; absent: API keys alone. */
  readonly oauth?: ClaudeLoginConfig;
}

/** The schema that the configuration file is checked against. */
export const claudeConfig = configSchema<ClaudeConfig>({
  type: 'object',
  additionalProperties: false,
  required: [],
  examples: [
    { apiKeys: ['${ANTHROPIC_API_KEY}'] },
    { oauth: { acceptSubscriptionRisk: true, clientId: '${ANTHROPIC_CLIENT_ID}' } },
  ],
  properties: {
    apiKeys: {
      type: 'array',
      description: 'Anthropic API keys; each is an account of its own.',
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
      description: "The API's address without /v1 and query, such as https://api.anthropic.com.",
      pattern: '^https?://[^/?#@\\\\\\s]+(/[^?#\\s]*)?$',
      default: 'https://api.anthropic.com',
    },
    anthropicVersion: {
      type: 'string',
      description: 'Version of the API as a date, such as 2023-06-01, where the client names none.',
      pattern: '^\\d{4}-\\d{2}-\\d{2}$',
      default: '2023-06-01',
    },
    oauth: {
      ...claudeLoginConfig.json,
      description: "Lets accounts of claude.ai log in, against Anthropic's terms; absent: off.",
      nullable: true,
    },
  },
});

/** How the API is reached. */
export interface ClaudeApi {
  /** Its address as paths are put behind it. */
  readonly root: string;
  /** Value of `anthropic-version`. */
  readonly version: string;
}

/** Takes off a slash, and a `/v1` that the SDK does not expect but people write. */
export function claudeApi({ baseUrl, anthropicVersion }: ClaudeConfig): ClaudeApi {
  return { root: baseUrl.replace(/(\/v1)?\/*$/u, ''), version: anthropicVersion };
}
