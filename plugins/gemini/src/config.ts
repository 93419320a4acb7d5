import { configSchema } from '@cliproxy/plugin-api';

/** Configuration of `gemini`. */
export interface GeminiConfig {
  /** Gemini API keys; each is an account of its own. */
  readonly apiKeys: readonly string[];
  /** As the vendor's SDK means it: without a version. */
  readonly baseUrl: string;
}

/** The schema that the configuration file is checked against. */
export const geminiConfig = configSchema<GeminiConfig>({
  type: 'object',
  additionalProperties: false,
  required: [],
  examples: [{ apiKeys: ['${GEMINI_API_KEY}'] }],
  properties: {
    apiKeys: {
      type: 'array',
      description: 'Gemini API keys; each is an account of its own.',
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
      description:
        "The API's address without a version and query, such as https://generativelanguage.googleapis.com.",
      pattern: '^https?://[^/?#@\\\\\\s]+(/[^?#\\s]*)?$',
      default: 'https://generativelanguage.googleapis.com',
    },
  },
});

/** The API's address as paths are put behind it: no slash, and no version, which people write. */
export function apiRoot({ baseUrl }: GeminiConfig): string {
  return baseUrl.replace(/(\/v1(?:alpha|beta)?)?\/*$/u, '');
}
