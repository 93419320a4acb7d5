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
  /** How the gateway starts the service; absent: somebody else does. */
  readonly service?: ServiceStart;
}

/** How the gateway starts the service itself, and looks after it. */
export interface ServiceStart {
  /** The program and its arguments; no shell is between. */
  readonly command: readonly string[];
  /** Absolute folder that it runs in; default: the gateway's. */
  readonly cwd?: string;
  /** Variables for it alone; it sees nothing else of the gateway's environment. */
  readonly set: Readonly<Record<string, string>>;
  /** What answers 2xx once it is ready; empty: it is ready as soon as it runs. */
  readonly readyPath: string;
  readonly readyTimeoutMs: number;
  /** Above it, it is started anew. */
  readonly memoryLimitMb?: number;
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
    service: {
      type: 'object',
      description: 'How the gateway starts the service itself, and looks after it.',
      additionalProperties: false,
      required: ['command'],
      nullable: true,
      properties: {
        command: {
          type: 'array',
          description: 'The program and its arguments, each by itself: no shell is between.',
          minItems: 1,
          items: { type: 'string' },
        },
        cwd: {
          type: 'string',
          description: "Absolute folder that it runs in; default: the gateway's.",
          pattern: '^/',
          nullable: true,
        },
        set: {
          type: 'object',
          description: 'Environment variables for it alone.',
          required: [],
          propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
          additionalProperties: { type: 'string', writeOnly: true },
          default: {},
        },
        readyPath: {
          type: 'string',
          description:
            'Path that answers 2xx once it is ready, such as /health; empty: it is ready as soon as it runs.',
          pattern: '^(/[^?#\\s]*)?$',
          default: '/openapi.json',
        },
        readyTimeoutMs: {
          type: 'integer',
          description: 'One that is not ready by then is started anew.',
          minimum: 1000,
          maximum: 600_000,
          default: 60_000,
        },
        memoryLimitMb: {
          type: 'integer',
          description: 'Above it, it is started anew; default: no limit.',
          minimum: 16,
          nullable: true,
        },
      },
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
