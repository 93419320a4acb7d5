import { configSchema } from '@cliproxy/plugin-api';

/** By which of its interfaces cto.new is asked. */
export type CtonewMode = 'cli' | 'web';

/** Configuration of `ctonew`. */
export interface CtonewConfig {
  /** Whoever runs this says so: cto.new publishes no terms that allow it. */
  readonly acceptSubscriptionRisk: boolean;
  readonly mode: CtonewMode;
  /** Values of the cookie `__client`, or whole cookie headers; each is an account of its own. */
  readonly tokens: readonly string[];
  /** Models at the upstream to offer beside those that it lists. */
  readonly models: readonly string[];
  readonly apiBaseUrl: string;
  /** Default: the same host as `apiBaseUrl`. */
  readonly webSocketBaseUrl?: string;
  readonly clerkBaseUrl: string;
  readonly clerkApiVersion: string;
  /** Sent as `origin`: both services answer their web page alone. */
  readonly origin: string;
}

const ADDRESS = '[^/?#@\\\\\\s]+(/[^?#\\s]*)?$';

/** The schema that the configuration file is checked against. */
export const ctonewConfig = configSchema<CtonewConfig>({
  type: 'object',
  additionalProperties: false,
  required: [],
  examples: [
    { acceptSubscriptionRisk: true, mode: 'cli', tokens: ['${CTONEW_TOKEN}'] },
    { acceptSubscriptionRisk: true, mode: 'web' },
  ],
  properties: {
    acceptSubscriptionRisk: {
      type: 'boolean',
      description:
        'Must be true: cto.new publishes no terms that allow such use, and may end the account.',
      default: false,
    },
    mode: {
      type: 'string',
      description:
        "cli: by the API of cto.new's command line; web: by the session of its web page.",
      enum: ['cli', 'web'],
      default: 'cli',
    },
    tokens: {
      type: 'array',
      description: 'Accounts that need no login: each the cookie __client, or a cookie header.',
      items: {
        type: 'string',
        description: 'The value of the cookie __client, or a whole cookie header: one line.',
        minLength: 1,
        pattern: '^[\\x20-\\x7e]+$',
        writeOnly: true,
      },
      default: [],
    },
    models: {
      type: 'array',
      description: 'Models to offer beside those that are listed, by the names that cto.new has.',
      items: { type: 'string', minLength: 1, maxLength: 200 },
      default: [],
    },
    apiBaseUrl: {
      type: 'string',
      description: "The API's address without a path and query, such as https://api.enginelabs.ai.",
      pattern: `^https?://${ADDRESS}`,
      default: 'https://api.enginelabs.ai',
    },
    webSocketBaseUrl: {
      type: 'string',
      description: 'Where answers of mode web are heard, where it is not the host of apiBaseUrl.',
      pattern: `^https?://${ADDRESS}`,
      nullable: true,
    },
    clerkBaseUrl: {
      type: 'string',
      description: "Address of cto.new's sign-in service, such as https://clerk.cto.new.",
      pattern: `^https?://${ADDRESS}`,
      default: 'https://clerk.cto.new',
    },
    clerkApiVersion: {
      type: 'string',
      description: "Version of the sign-in service's API as a date, such as 2025-04-10.",
      pattern: '^\\d{4}-\\d{2}-\\d{2}$',
      default: '2025-04-10',
    },
    origin: {
      type: 'string',
      description: 'The web page that the services answer, such as https://cto.new.',
      pattern: '^https?://[^/?#@\\\\\\s]+$',
      default: 'https://cto.new',
    },
  },
});

/** How cto.new is reached; addresses have no slash at their end. */
export interface CtonewService {
  readonly mode: CtonewMode;
  readonly models: readonly string[];
  readonly api: string;
  /** With `http:` or `https:`; a WebSocket is opened in its place. */
  readonly webSocket: string;
  readonly clerk: string;
  readonly clerkApiVersion: string;
  readonly origin: string;
  readonly clock: Clock;
}

/** Tells the time in milliseconds since 1970. */
export interface Clock {
  now(): number;
}

/** Takes off slashes, and fills in what follows from the rest. */
export function serviceOf(config: CtonewConfig, clock: Clock): CtonewService {
  return {
    clock,
    mode: config.mode,
    models: config.models,
    api: withoutSlash(config.apiBaseUrl),
    webSocket: withoutSlash(config.webSocketBaseUrl ?? config.apiBaseUrl),
    clerk: withoutSlash(config.clerkBaseUrl),
    clerkApiVersion: config.clerkApiVersion,
    origin: config.origin,
  };
}

/** @throws Error where the operator has not said that the risk is taken. */
export function checkRiskAccepted(config: CtonewConfig, instanceId: string): void {
  if (config.acceptSubscriptionRisk) return;
  throw new Error(
    'cto.new publishes no terms that allow other programs to use its accounts, and may end an ' +
      `account that is used so. To take that risk, set acceptSubscriptionRisk: true under ` +
      `plugins.${instanceId}.config; otherwise set enabled: false`,
  );
}

function withoutSlash(address: string): string {
  return address.replace(/\/+$/u, '');
}
