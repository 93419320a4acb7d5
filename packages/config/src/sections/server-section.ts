import { MAX_TIMER_MS } from './durations.ts';

const clientKey = {
  type: 'string',
  description: 'At least 8 characters, without spaces, ASCII alone.',
  minLength: 8,
  maxLength: 512,
  pattern: '^[\\x21-\\x7e]+$',
  writeOnly: true,
};

const duration = (description: string, defaultMs: number, minimum = 1): object => ({
  type: 'integer',
  description,
  minimum,
  maximum: MAX_TIMER_MS,
  default: defaultMs,
});

/** Schema of `server`. */
export const serverSchema = {
  type: 'object',
  description: 'Where the gateway listens, and what it takes from clients.',
  additionalProperties: false,
  default: {},
  properties: {
    host: {
      type: 'string',
      description:
        'Address to listen on, without a port and brackets, for example 127.0.0.1 or ::1.',
      pattern: '^[^\\s/\\[\\]]+$',
      default: '127.0.0.1',
    },
    port: {
      type: 'integer',
      description: 'TCP port; 0: any free one.',
      minimum: 0,
      maximum: 65_535,
      default: 8317,
    },
    apiKeys: {
      type: 'array',
      description: 'Keys that clients show.',
      items: clientKey,
      default: [],
    },
    adminKeys: {
      type: 'array',
      description: 'Keys for everything that shows or changes the state of the gateway.',
      items: clientKey,
      default: [],
    },
    bodyLimitMb: {
      type: 'number',
      description: 'Largest request body, in MiB.',
      exclusiveMinimum: 0,
      maximum: 1024,
      default: 32,
    },
    headerLimitKb: {
      type: 'integer',
      description: 'Largest request head, in KiB.',
      minimum: 1,
      maximum: 1024,
      default: 16,
    },
    allowedHosts: {
      type: 'array',
      description: 'Further values of Host to accept: a name, or name:port.',
      items: { type: 'string', minLength: 1, maxLength: 261 },
      default: [],
    },
    allowedOrigins: {
      type: 'array',
      description: 'Origins whose pages may call the gateway, for example https://app.example.',
      items: {
        type: 'string',
        description: 'Scheme, name and port alone, for example https://app.example.',
        pattern: '^[a-z][a-z0-9+.-]*://[^/\\s]+$',
      },
      default: [],
    },
    drainMs: duration('How long a stop waits for requests under way.', 30_000, 0),
    keepAliveMs: duration('How long an idle client connection stays open.', 65_000),
    headersTimeoutMs: duration('Time for the whole head of a request to come.', 5000),
    requestTimeoutMs: duration('Time for the whole request to come, body included.', 15_000),
    maxSockets: {
      type: 'integer',
      description: 'Most WebSocket connections at the same time, such as relay pages.',
      minimum: 0,
      maximum: 100_000,
      default: 256,
    },
    socketPingMs: duration(
      'How often WebSocket peers are asked whether they are there; silent ones are cut off at the next time.',
      30_000,
    ),
    strictParameters: {
      type: 'boolean',
      description: 'Refuse parameters that a target cannot honour, instead of naming them.',
      default: false,
    },
    keepItemsMb: {
      type: 'number',
      description:
        'Memory for items of answers that Responses clients send back by reference, in MiB; 0: none.',
      minimum: 0,
      maximum: 4096,
      default: 32,
    },
  },
} as const;
