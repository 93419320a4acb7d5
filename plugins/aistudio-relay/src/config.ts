import { configSchema } from '@cliproxy/plugin-api';
import { browserConfig } from './browser/browser-config.ts';
import type { BrowserConfig } from './browser/browser-config.ts';

/** Configuration of `aistudio-relay`. */
export interface AistudioRelayConfig {
  /** What pages show when they connect: at least 16 characters each, never a key of the gateway. */
  readonly relayTokens: readonly string[];
  /** Origins of the pages that may connect. */
  readonly origins: readonly string[];
  /** As the vendor's SDK means it: without a version. Pages are asked to call this host alone. */
  readonly baseUrl: string;
  readonly browser: BrowserConfig;
  /** The largest message of a page, in MiB. Pages of version 1 send whole answers as one. */
  readonly maxMessageMb: number;
}

/** The API's address as paths are put behind it: no slash, and no version, which people write. */
export function apiRoot({ baseUrl }: Pick<AistudioRelayConfig, 'baseUrl'>): string {
  return baseUrl.replace(/(\/v1(?:alpha|beta)?)?\/*$/u, '');
}

/** The schema that the configuration file is checked against. */
export const aistudioRelayConfig = configSchema<AistudioRelayConfig>({
  type: 'object',
  additionalProperties: false,
  required: [],
  examples: [
    { relayTokens: ['${CLIPROXY_RELAY_TOKEN}'] },
    {
      browser: {
        executablePath: '/opt/chromium/chrome',
        pages: [{ profile: 'work', url: 'https://aistudio.google.com/apps/drive/1aBcD' }],
      },
    },
  ],
  properties: {
    relayTokens: {
      type: 'array',
      description:
        'What pages show when they connect; one of its own for each page, so that it can be taken back. Never a key of the gateway.',
      items: {
        type: 'string',
        description: 'A random text of 16 characters or more: openssl rand -hex 24 makes one.',
        minLength: 16,
        maxLength: 200,
        pattern: '^[\\x21-\\x7e]+$',
        writeOnly: true,
      },
      default: [],
    },
    origins: {
      type: 'array',
      description:
        'Origins of the pages that may connect. A * at the beginning of the name stands for names below it.',
      items: { type: 'string', pattern: '^https?://(\\*\\.)?[a-z0-9.-]+(:[0-9]{1,5})?$' },
      default: ['https://aistudio.google.com', 'https://*.scf.usercontent.goog'],
    },
    baseUrl: {
      type: 'string',
      description:
        "The API's address without a version and query; pages are asked to call this host alone.",
      pattern: '^https?://[^/?#@\\\\\\s]+(/[^?#\\s]*)?$',
      default: 'https://generativelanguage.googleapis.com',
    },
    browser: { ...browserConfig.json },
    maxMessageMb: {
      type: 'number',
      description:
        'The largest message of a page, in MiB. Pages of version 1 may send a whole answer as one.',
      minimum: 1,
      maximum: 64,
      default: 16,
    },
  },
});
