import { configSchema } from '@cliproxy/plugin-api';
import type { HeaderMap } from '@cliproxy/plugin-api';

/**
 * What kind of service it is: WebAI-to-API, its older kind (November 2025 and before), gpt4free's API
 * server, or any other that resembles OpenAI's.
 */
export type ServiceKind = 'webai' | 'legacy' | 'g4f' | 'plain';

/** Configuration of `webai-proxy`. */
export interface WebaiConfig {
  /** The service's address, with or without `/v1` at its end. */
  readonly baseUrl: string;
  /** `auto`: the service is asked what it is. */
  readonly compat: ServiceKind | 'auto';
  /** A key that the service itself asks for. */
  readonly apiKey?: string;
  /** Models to offer beside those that it lists, by its names. */
  readonly models: readonly string[];
  /** Whoever hands a web session's cookies to another program says so. */
  readonly acceptSubscriptionRisk: boolean;
  /** Cookies may leave this machine. */
  readonly remoteCookies: boolean;
}

/** The schema that the configuration file is checked against. */
export const webaiConfig = configSchema<WebaiConfig>({
  type: 'object',
  additionalProperties: false,
  required: [],
  properties: {
    baseUrl: {
      type: 'string',
      description:
        "The service's address: begins with http:// or https://, may end in /v1, has no query.",
      pattern: '^https?://[^/?#@\\\\\\s]+(/[^?#\\s]*)?$',
      default: 'http://127.0.0.1:8406',
    },
    compat: {
      type: 'string',
      description:
        'What the service is: webai (WebAI-to-API), legacy (its older kind), g4f (gpt4free), plain ' +
        "(any other like OpenAI's); auto: it is asked.",
      enum: ['auto', 'webai', 'legacy', 'g4f', 'plain'],
      default: 'auto',
    },
    apiKey: {
      type: 'string',
      description: 'A key that the service itself asks for: one line without spaces.',
      minLength: 1,
      pattern: '^[\\x21-\\x7e]+$',
      nullable: true,
      writeOnly: true,
    },
    models: {
      type: 'array',
      description: "Models to offer beside those that the service lists, by the service's names.",
      items: { type: 'string', minLength: 1, maxLength: 200 },
      default: [],
    },
    acceptSubscriptionRisk: {
      type: 'boolean',
      description:
        "true: it serves with the login of a web session, outside its vendor's terms; such accounts may be restricted.",
      default: false,
    },
    remoteCookies: {
      type: 'boolean',
      description: 'true: cookies may be handed to a service that is not on this machine.',
      default: false,
    },
  },
});

/** How the service is reached. */
export interface Service {
  /** Its address, without a slash and `/v1` at the end. */
  readonly root: string;
  /** What it asks for on every request. */
  readonly keyHeaders: HeaderMap;
  readonly models: readonly string[];
  readonly acceptsRisk: boolean;
  /** Whether cookies may be handed to it. */
  readonly mayHaveCookies: boolean;
}

/** Reads the configuration. */
export function serviceOf(config: WebaiConfig): Service {
  const { baseUrl, apiKey, models, acceptSubscriptionRisk, remoteCookies } = config;
  return {
    root: baseUrl.replace(/\/+$/u, '').replace(/\/v1$/u, ''),
    // `null` in the file means none.
    keyHeaders: typeof apiKey === 'string' ? { authorization: `Bearer ${apiKey}` } : {},
    models,
    acceptsRisk: acceptSubscriptionRisk,
    mayHaveCookies: remoteCookies || isLoopback(new URL(baseUrl).hostname),
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/u.test(host);
}
