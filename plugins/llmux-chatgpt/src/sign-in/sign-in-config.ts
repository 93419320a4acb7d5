import { configSchema } from '@cliproxy/plugin-api';

/** How ChatGPT accounts sign in. */
export interface SignInConfig {
  /** That OpenAI's terms may not allow a gateway is known. */
  readonly acceptSubscriptionRisk: true;
  /** A random UUID that stands for this installation, the same for all its logins. */
  readonly installationId: string;
  /** What the vendor's page calls this program. */
  readonly appName: string;
  /** An id that the vendor has issued before; absent: it issues one with the first sign-in. */
  readonly clientId?: string;
  /** The one port for the callback; absent: any. */
  readonly callbackPort?: number;
  readonly issuer: string;
  readonly authorizeUrl: string;
  readonly tokenUrl: string;
  /** Where device codes come from; absent: sign-ins are by the browser alone. */
  readonly deviceUrl?: string;
  readonly revokeUrl: string;
  /** Where the keys are that id tokens are signed with. */
  readonly keysUrl: string;
  /** What tokens are for. */
  readonly resource: string;
}

/** Plain http leads no further than this machine. */
const address = {
  type: 'string',
  pattern: '^(https://[^/?#@\\s]+|http://(127\\.0\\.0\\.1|localhost)(:\\d+)?)(/[^?#\\s]*)?$',
} as const;

/** The schema of the plugin's `signIn`. */
export const signInConfig = configSchema<SignInConfig>({
  type: 'object',
  additionalProperties: false,
  required: ['acceptSubscriptionRisk', 'installationId'],
  properties: {
    acceptSubscriptionRisk: {
      type: 'boolean',
      description: "true: it is known that OpenAI's terms may not allow this.",
      const: true,
    },
    installationId: {
      type: 'string',
      description: 'A random UUID, such as crypto.randomUUID() gives; made once and kept.',
      pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
    },
    appName: {
      type: 'string',
      description: "What the vendor's page calls this program.",
      minLength: 1,
      maxLength: 64,
      default: 'cliproxy',
    },
    clientId: {
      type: 'string',
      description:
        'An id that OpenAI has issued before; absent: it issues one at the first sign-in.',
      pattern: '^[\\x21-\\x7e]+$',
      nullable: true,
    },
    callbackPort: {
      type: 'integer',
      description: 'The port of 127.0.0.1 for the callback; absent: any.',
      minimum: 1,
      maximum: 65_535,
      nullable: true,
    },
    issuer: {
      ...address,
      description: 'Who signs id tokens.',
      default: 'https://auth.openai.com',
    },
    authorizeUrl: {
      ...address,
      description: 'The page where the person agrees.',
      default: 'https://auth.openai.com/api/accounts/authorize',
    },
    tokenUrl: {
      ...address,
      description: 'Where tokens are asked for.',
      default: 'https://auth.openai.com/api/accounts/oauth/token',
    },
    deviceUrl: {
      ...address,
      description: 'Where device codes come from; absent: sign-ins are by the browser alone.',
      nullable: true,
    },
    revokeUrl: {
      ...address,
      description: 'Where logins are ended.',
      default: 'https://auth.openai.com/api/accounts/oauth/revoke',
    },
    keysUrl: {
      ...address,
      description: 'Where the keys are that id tokens are signed with.',
      default: 'https://auth.openai.com/.well-known/jwks.json',
    },
    resource: {
      ...address,
      description: 'What tokens are for.',
      default: 'https://api.openai.com/v1',
    },
  },
});
