import { configSchema } from '@cliproxy/plugin-api';
import type { PageSpec, SignInSpec } from './messages.ts';

/** Browsers of the gateway's own; without pages there are none. */
export interface BrowserConfig {
  /** Absent: looked for on the machine. */
  readonly executablePath?: string;
  /** Whether the configured pages work without a window. The window of a login is always shown. */
  readonly headless: boolean;
  readonly pages: readonly PageSpec[];
  readonly signIn: SignInSpec;
}

const address = { type: 'string', pattern: '^https?://[^\\s]+$' } as const;
const addressPattern = { type: 'string', pattern: '^(https?://|\\*)[^\\s]*$' } as const;

/** The session of a Google account, as gemini.google.com and AI Studio know it. */
const DONE = { url: 'https://aistudio.google.com/*', cookie: '__Secure-1PSID' };
const SIGN_IN = { url: 'https://aistudio.google.com/', done: DONE };

/** The schema of what `browser` holds. */
export const browserConfig = configSchema<BrowserConfig>({
  type: 'object',
  description: "A browser of the gateway's own, which keeps pages open.",
  additionalProperties: false,
  required: [],
  default: { headless: true, pages: [], signIn: SIGN_IN },
  properties: {
    executablePath: {
      type: 'string',
      description:
        'Absolute path of Chromium. Default: what PUPPETEER_EXECUTABLE_PATH names, then chromium, chromium-browser and google-chrome on the PATH.',
      pattern: '^(/|[A-Za-z]:[\\\\/])',
      nullable: true,
    },
    headless: {
      type: 'boolean',
      description:
        'Whether the pages work without a window. The window of a login is always shown.',
      default: true,
    },
    pages: {
      type: 'array',
      description:
        'The pages to keep open, each in a browser profile, hence an account, of its own.',
      default: [],
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['profile', 'url'],
        properties: {
          profile: {
            type: 'string',
            description: 'A name for the browser profile, and for its account.',
            pattern: '^[a-z0-9][a-z0-9_-]{0,31}$',
          },
          url: { ...address, description: "The page's address." },
          frame: {
            ...addressPattern,
            description:
              'The address of the frame that asks Gemini, where the page itself does not; * stands for any characters.',
            nullable: true,
          },
        },
      },
    },
    signIn: {
      type: 'object',
      description: 'Where a person signs in, and how the session is recognised.',
      additionalProperties: false,
      required: [],
      default: SIGN_IN,
      properties: {
        url: {
          ...address,
          description: 'Where the browser of a login begins.',
          default: SIGN_IN.url,
        },
        done: {
          type: 'object',
          description: 'What has to hold once somebody has signed in; all that is given.',
          additionalProperties: false,
          required: [],
          default: DONE,
          properties: {
            url: {
              ...addressPattern,
              description: 'The address that the browser ends at; * stands for any characters.',
              nullable: true,
            },
            cookie: {
              type: 'string',
              description: 'A cookie that is there.',
              minLength: 1,
              nullable: true,
            },
            selector: {
              type: 'string',
              description: 'An element that the page has, as a CSS selector.',
              minLength: 1,
              nullable: true,
            },
          },
        },
      },
    },
  },
});
