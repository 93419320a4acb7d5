import { configSchema } from '@cliproxy/plugin-api';
import type { Capability } from '@cliproxy/plugin-api';

/** One model of the service, as configured. */
export interface ConfiguredModel {
  /** The service's name for it. */
  readonly id: string;
  /** Another name for clients; the service's own keeps working. */
  readonly alias?: string;
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
  /** Ask the service for its list of models, beside those configured. */
  readonly discover: boolean;
  /** Sent with every request, for example an attribution header that the service asks for. */
  readonly headers: Readonly<Record<string, string>>;
  /** False: the service's answers need repair, so they are always decoded and encoded again. */
  readonly passthrough: boolean;
}

/** The schema that the configuration file is checked against. */
export const compatibleConfig = configSchema<CompatibleConfig>({
  type: 'object',
  additionalProperties: false,
  required: ['baseUrl'],
  properties: {
    baseUrl: {
      type: 'string',
      description: "The service's address as OpenAI's SDK means it; usually ends in /v1.",
      pattern: '^https?://[^/]+(/.*[^/])?$',
    },
    apiKeys: {
      type: 'array',
      description: 'Each is an account of its own; none: requests go without a key.',
      items: { type: 'string', minLength: 1, writeOnly: true },
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
          id: { type: 'string', minLength: 1 },
          alias: { type: 'string', minLength: 1, nullable: true },
          lacks: {
            type: 'array',
            nullable: true,
            items: {
              type: 'string',
              enum: ['tools', 'images', 'json-schema', 'reasoning', 'system', 'multi-turn'],
            },
          },
          refuses: { type: 'array', nullable: true, items: { type: 'string', minLength: 1 } },
          contextTokens: { type: 'integer', minimum: 1, nullable: true },
          maxOutputTokens: { type: 'integer', minimum: 1, nullable: true },
        },
      },
      default: [],
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
      additionalProperties: { type: 'string', writeOnly: true },
      default: {},
    },
    passthrough: {
      type: 'boolean',
      description: "False: decode and encode the service's answers again, to repair them.",
      default: true,
    },
  },
});
