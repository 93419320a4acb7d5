import { configSchema } from '@cliproxy/plugin-api';

/** How accounts of claude.ai log in. */
export interface ClaudeLoginConfig {
  /** That Anthropic's terms do not allow it is known. */
  readonly acceptSubscriptionRisk: true;
  /** The operator's own; there is none of ours. */
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly authorizeUrl: string;
  readonly tokenUrl: string;
  /** Where device codes come from; absent: logins are by the browser alone. */
  readonly deviceUrl?: string;
  /** Where logins are ended at the vendor; absent: they are only forgotten. */
  readonly revokeUrl?: string;
  /** The one port that is registered for the client; absent: any. */
  readonly callbackPort?: number;
  readonly callbackPath: string;
  /** A registered page that shows a code to paste, in the place of a callback to this machine. */
  readonly pastePage?: string;
  /** Added to `anthropic-beta` on every request of such an account. */
  readonly beta: string;
}

/** Plain http leads no further than this machine. */
const address = {
  type: 'string',
  pattern: '^(https://[^/?#@\\s]+|http://(127\\.0\\.0\\.1|localhost)(:\\d+)?)(/[^?#\\s]*)?$',
} as const;

/** The schema of the plugin's `oauth`. */
export const claudeLoginConfig = configSchema<ClaudeLoginConfig>({
  type: 'object',
  additionalProperties: false,
  required: ['acceptSubscriptionRisk', 'clientId'],
  properties: {
    acceptSubscriptionRisk: {
      type: 'boolean',
      description:
        "true: it is known that Anthropic's terms do not allow this and that accounts may be restricted.",
      const: true,
    },
    clientId: {
      type: 'string',
      description: 'Id of an OAuth client of yours; that of a product of Anthropic is not yours.',
      minLength: 1,
      pattern: '^[\\x21-\\x7e]+$',
    },
    scopes: {
      type: 'array',
      description: 'What the login asks for.',
      minItems: 1,
      uniqueItems: true,
      items: { type: 'string', minLength: 1, pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]+$' },
      default: ['user:profile', 'user:inference'],
    },
    authorizeUrl: {
      ...address,
      description: 'The page where the person agrees.',
      default: 'https://claude.ai/oauth/authorize',
    },
    tokenUrl: {
      ...address,
      description: 'Where tokens are asked for.',
      default: 'https://platform.claude.com/v1/oauth/token',
    },
    deviceUrl: {
      ...address,
      description: 'Where device codes come from; absent: logins are by the browser alone.',
      nullable: true,
    },
    revokeUrl: {
      ...address,
      description: 'Where logins are ended; absent: a logout only forgets them.',
      nullable: true,
    },
    callbackPort: {
      type: 'integer',
      description: 'The port of localhost that is registered for the client; absent: any.',
      minimum: 1,
      maximum: 65_535,
      nullable: true,
    },
    callbackPath: {
      type: 'string',
      description: 'The path of the callback, such as /callback.',
      pattern: '^/[A-Za-z0-9._~/-]*$',
      default: '/callback',
    },
    pastePage: {
      ...address,
      description: 'A registered page that shows a code to paste, in the place of a callback.',
      nullable: true,
    },
    beta: {
      type: 'string',
      description: 'Added to anthropic-beta on every request of such an account.',
      pattern: '^[a-z0-9.-]+$',
      default: 'oauth-2025-04-20',
    },
  },
});
