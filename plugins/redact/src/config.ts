import { configSchema } from '@cliproxy/plugin-api';

/** What is looked for by itself. */
export type DetectorName = 'private-key' | 'api-key' | 'email' | 'iban' | 'card' | 'ipv4';

/** Something else to look for. */
export interface OwnPattern {
  /** Stands in the placeholder: `TICKET` gives `[TICKET_1]`. */
  readonly name: string;
  /** A regular expression of JavaScript. */
  readonly match: string;
  readonly ignoreCase?: boolean;
}

/** Configuration of `redact`. */
export interface RedactConfig {
  readonly detect: readonly DetectorName[];
  readonly patterns: readonly OwnPattern[];
  /** Models whose requests are redacted; `*` stands for any characters. */
  readonly models: readonly string[];
  /** Whether answers get the values back. */
  readonly restore: boolean;
  /** What becomes of a request that can't be redacted. */
  readonly onFailure: 'refuse' | 'continue';
}

const text = { type: 'string', minLength: 1 } as const;

/** The schema that the configuration file is checked against. */
export const redactConfig = configSchema<RedactConfig>({
  type: 'object',
  additionalProperties: false,
  required: [],
  examples: [
    { patterns: [{ name: 'TICKET', match: '\\bINC-\\d{6}\\b' }] },
    { detect: ['api-key', 'private-key'], models: ['claude-*', 'gpt-*'], restore: false },
  ],
  properties: {
    detect: {
      type: 'array',
      description: 'What is looked for.',
      uniqueItems: true,
      items: {
        type: 'string',
        enum: ['private-key', 'api-key', 'email', 'iban', 'card', 'ipv4'],
      },
      default: ['private-key', 'api-key', 'email', 'iban', 'card'],
    },
    patterns: {
      type: 'array',
      description: 'What else is looked for: regular expressions of JavaScript.',
      maxItems: 50,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'match'],
        properties: {
          name: {
            type: 'string',
            description: 'Stands in the placeholder: TICKET gives [TICKET_1].',
            pattern: '^[A-Z][A-Z0-9]{0,29}$',
          },
          match: {
            ...text,
            description: 'A regular expression. It matches some text, and repeats no repetition.',
            maxLength: 500,
          },
          ignoreCase: { type: 'boolean', description: 'Capitals or not.', nullable: true },
        },
      },
      default: [],
    },
    models: {
      type: 'array',
      description: 'Models whose requests are redacted; * stands for any characters.',
      minItems: 1,
      items: text,
      default: ['*'],
    },
    restore: {
      type: 'boolean',
      description: 'Whether answers get the values back in the place of their placeholders.',
      default: true,
    },
    onFailure: {
      type: 'string',
      description:
        'What becomes of a request that can not be redacted: it is refused, or goes on as it is.',
      enum: ['refuse', 'continue'],
      default: 'refuse',
    },
  },
});
