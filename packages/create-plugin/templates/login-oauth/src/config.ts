import { configSchema } from '@cliproxy/plugin-api';

/** How accounts log in. */
export interface OAuthConfig {
  /** Of a client that is registered at the vendor. */
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** The page where the person agrees. */
  readonly authorizeUrl: string;
  /** Where tokens are asked for. */
  readonly tokenUrl: string;
  /** Where logins are ended; absent: a logout only forgets them. */
  readonly revokeUrl?: string;
}

/** What an operator writes under `config:`. */
export interface ProviderConfig {
  /** Where the API is. */
  readonly baseUrl: string;
  /** Absent: nobody logs in; there are the tokens of the configuration alone. */
  readonly oauth?: OAuthConfig;
  /** Access tokens that were had elsewhere, for machines without a person; each is an account. */
  readonly accessTokens: readonly string[];
}

/** Tokens go to these: plain http leads no further than this machine. */
const address = {
  type: 'string',
  pattern: '^(https://[^/?#@\\s]+|http://(127\\.0\\.0\\.1|localhost)(:\\d+)?)(/[^?#\\s]*)?$',
} as const;

/**
 * The gateway checks the configuration against this, and fills in the defaults, before the plugin sees
 * it. A misspelt key is refused by name. The compiler holds the schema to the interfaces above.
 */
export const providerConfig = configSchema<ProviderConfig>({
  type: 'object',
  additionalProperties: false,
  required: [],
  // What an operator would paste. The conformance checks begin with the first.
  examples: [{ oauth: { clientId: '${«ENV»_CLIENT_ID}' } }],
  properties: {
    baseUrl: {
      type: 'string',
      description: 'Where the API is, such as «BASE_URL».',
      pattern: '^https?://[^/?#@\\s]+(/[^?#\\s]*)?$',
      default: '«BASE_URL»',
    },
    oauth: {
      type: 'object',
      description: 'How accounts log in; absent: not at all.',
      nullable: true,
      additionalProperties: false,
      required: ['clientId'],
      properties: {
        clientId: {
          type: 'string',
          description: 'Id of a client that is registered at the vendor.',
          minLength: 1,
          pattern: '^[\\x21-\\x7e]+$',
        },
        scopes: {
          type: 'array',
          description: 'What the login asks for.',
          uniqueItems: true,
          items: { type: 'string', minLength: 1 },
          default: ['openid', 'email', 'offline_access'],
        },
        authorizeUrl: {
          ...address,
          description: 'The page where the person agrees.',
          default: '«AUTH_URL»/authorize',
        },
        tokenUrl: {
          ...address,
          description: 'Where tokens are asked for.',
          default: '«AUTH_URL»/token',
        },
        revokeUrl: {
          ...address,
          description: 'Where logins are ended; absent: a logout only forgets them.',
          nullable: true,
        },
      },
    },
    accessTokens: {
      type: 'array',
      description: 'Access tokens that were had elsewhere; each is an account of its own.',
      items: {
        type: 'string',
        minLength: 1,
        pattern: '^[\\x21-\\x7e]+$',
        // Masked wherever the configuration is printed, and in the log.
        writeOnly: true,
      },
      default: [],
    },
  },
});
