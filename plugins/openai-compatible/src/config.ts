import { configSchema } from '@cliproxy/plugin-api';
import type { Capability, Dialect, HeaderMap } from '@cliproxy/plugin-api';

/** What such a service may speak. */
export type CompatibleDialect = Extract<Dialect, 'openai-chat' | 'openai-responses'>;

/** One model of the service, as configured. */
export interface ConfiguredModel {
  /** The service's name for it. */
  readonly id: string;
  /** Another name for clients; the service's own keeps working. */
  readonly alias?: string;
  /** What it is asked in, best first, where it is not what the service as a whole speaks. */
  readonly dialects?: readonly CompatibleDialect[];
  /** Whether it makes embeddings, where it is not as with the service as a whole. */
  readonly embeddings?: boolean;
  /** What it can't do; requests that need it go elsewhere. */
  readonly lacks?: readonly Capability[];
  /** Top-level request parameters to leave out. */
  readonly refuses?: readonly string[];
  readonly contextTokens?: number;
  readonly maxOutputTokens?: number;
}

/** Configuration of `openai-compatible`. */
export interface CompatibleConfig {
  /** As OpenAI's SDK means it: usually ends in `/v1`. */
  readonly baseUrl: string;
  /** Each is an account of its own; none: requests go without a key. */
  readonly apiKeys: readonly string[];
  readonly models: readonly ConfiguredModel[];
  /** What the service speaks, best first. */
  readonly dialects: readonly CompatibleDialect[];
  /** Whether the service makes embeddings. */
  readonly embeddings: boolean;
  /** Ask the service for its list of models, beside those configured. */
  readonly discover: boolean;
  /** Sent with every request, for example an attribution header that the service asks for. */
  readonly headers: Readonly<Record<string, string>>;
  /** False: the service's answers need repair, so they are always decoded and encoded again. */
  readonly passthrough: boolean;
}

const name = { type: 'string', minLength: 1, maxLength: 256 } as const;
const dialects = {
  type: 'array',
  minItems: 1,
  uniqueItems: true,
  items: { type: 'string', enum: ['openai-chat', 'openai-responses'] },
} as const;
const tokens = { type: 'integer', minimum: 1, nullable: true } as const;

/** The schema that the configuration file is checked against. */
export const compatibleConfig = configSchema<CompatibleConfig>({
  type: 'object',
  additionalProperties: false,
  required: ['baseUrl'],
  examples: [
    {
      baseUrl: 'https://openrouter.ai/api/v1',
      apiKeys: ['${OPENROUTER_KEY}'],
      models: [{ id: 'moonshotai/kimi-k2', alias: 'kimi-k2', lacks: ['images'] }],
    },
    { baseUrl: 'http://127.0.0.1:11434/v1' },
  ],
  properties: {
    baseUrl: {
      type: 'string',
      description:
        "The service's address as OpenAI's SDK means it, for example http://127.0.0.1:11434/v1: begins with http:// or https://, usually ends in /v1, has no query.",
      pattern: '^https?://[^/?#@\\\\\\s]+(/[^?#\\s]*)?$',
    },
    apiKeys: {
      type: 'array',
      description: 'Each is an account of its own; none: requests go without a key.',
      items: {
        type: 'string',
        description: 'An API key: one line without spaces.',
        minLength: 1,
        pattern: '^[\\x21-\\x7e]+$',
        writeOnly: true,
      },
      default: [],
    },
    models: {
      type: 'array',
      description: 'Models to offer, beside those that the service lists.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id'],
        properties: {
          id: { ...name, description: "The service's name for it." },
          alias: { ...name, description: 'Another name for clients.', nullable: true },
          dialects: {
            ...dialects,
            description: 'What it is asked in, best first, where the service as a whole differs.',
            nullable: true,
          },
          embeddings: {
            type: 'boolean',
            description: 'Whether it makes embeddings, where the service as a whole differs.',
            nullable: true,
          },
          lacks: {
            type: 'array',
            description: "What it can't do; requests that need it go elsewhere.",
            nullable: true,
            items: {
              type: 'string',
              enum: ['tools', 'images', 'json-schema', 'reasoning', 'system', 'multi-turn'],
            },
          },
          refuses: {
            type: 'array',
            description: 'Top-level request parameters to leave out.',
            nullable: true,
            items: name,
          },
          contextTokens: { ...tokens, description: 'Size of the context window.' },
          maxOutputTokens: { ...tokens, description: 'Longest answer.' },
        },
      },
      default: [],
    },
    dialects: {
      ...dialects,
      description: 'What the service speaks, best first: Chat Completions, Responses, or both.',
      default: ['openai-chat'],
    },
    embeddings: {
      type: 'boolean',
      description: 'Whether the service makes embeddings.',
      default: true,
    },
    discover: {
      type: 'boolean',
      description: 'Ask the service for its list of models.',
      default: true,
    },
    headers: {
      type: 'object',
      description: 'Headers to send with every request.',
      required: [],
      // Those of the connection and of the body are not the service's to ask for.
      propertyNames: {
        pattern:
          '^(?!(?:[Cc]ontent-|[Hh]ost$|[Cc]onnection$|[Uu]ser-[Aa]gent$|[Aa]ccept-[Ee]ncoding$|' +
          "[Tt]ransfer-[Ee]ncoding$))[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
      },
      additionalProperties: {
        type: 'string',
        description: 'One line of Latin letters, digits and signs.',
        pattern: '^[\\x20-\\x7e]*$',
        writeOnly: true,
      },
      default: {},
    },
    passthrough: {
      type: 'boolean',
      description: "False: decode and encode the service's answers again, to repair them.",
      default: true,
    },
  },
});

/** How the service is reached. */
export interface Service {
  /** Its address as paths are put behind it: without a slash at its end. */
  readonly root: string;
  /** For every request; their names are in lower case. */
  readonly headers: HeaderMap;
}

/** In lower case, a header of the service is known as the same as one of ours. */
export function serviceOf({ baseUrl, headers }: CompatibleConfig): Service {
  return {
    root: baseUrl.replace(/\/+$/u, ''),
    headers: Object.fromEntries(
      Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value]),
    ),
  };
}
