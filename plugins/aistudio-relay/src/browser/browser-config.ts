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

const address = { type: 'string', pattern: '^https?://[^\\s]+$' };
const addressPattern = { type: 'string', pattern: '^(https?|\\*)[^\\s]*$' };

/** JSON Schema of {@link BrowserConfig}. */
export const browserSchema = {
  type: 'object',
  description: 'A browser of the gateway’s own, which keeps pages open.',
  additionalProperties: false,
  properties: {
    executablePath: {
      type: 'string',
      description:
        'Absolute path of Chromium. Default: PUPPETEER_EXECUTABLE_PATH, then chromium, chromium-browser and google-chrome on the PATH.',
      pattern: '^/|^[A-Za-z]:\\\\',
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
        'The pages to keep open; each in a browser profile, hence an account, of its own.',
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
          url: { ...address, description: 'The page’s address.' },
          frame: {
            ...addressPattern,
            description:
              'The address of the frame that asks Gemini, where the page itself does not; * stands for any characters.',
          },
        },
      },
    },
    signIn: {
      type: 'object',
      description: 'Where a person signs in, and how the session is recognised.',
      additionalProperties: false,
      default: {},
      properties: {
        url: {
          ...address,
          description: 'Where the browser of a login begins.',
          default: 'https://aistudio.google.com/',
        },
        done: {
          type: 'object',
          description: 'What has to hold once somebody has signed in; all that is given.',
          additionalProperties: false,
          default: { url: 'https://aistudio.google.com/*', cookie: '__Secure-1PSID' },
          properties: {
            url: {
              ...addressPattern,
              description: 'The address that the browser ends at; * stands for any characters.',
            },
            cookie: { type: 'string', minLength: 1, description: 'A cookie that is there.' },
            selector: {
              type: 'string',
              minLength: 1,
              description: 'An element that the page has, as a CSS selector.',
            },
          },
        },
      },
    },
  },
} as const;
