import type { Access } from '../edge/access.ts';

const text = { schema: { type: 'string' } } as const;

/** Headers of answers, by their names. */
export const answerHeaders = {
  'x-request-id': { description: "finds the request in the gateway's log", ...text },
  'x-upstream-request-id': { description: "the provider's own id of the request", ...text },
  'x-cliproxy-ignored': {
    description: 'the parameters that could not be honoured, separated by commas, percent-encoded',
    ...text,
  },
  'x-cliproxy-estimated': {
    description: 'there where a token count is an estimate of the gateway',
    ...text,
  },
  'retry-after': {
    description: 'on 429 and 503: seconds until it is worth trying again',
    schema: { type: 'integer', minimum: 1 },
  },
} as const;

/** Headers of requests, as parameters, by their names. */
export const requestHeaders = {
  'x-request-id': {
    name: 'x-request-id',
    in: 'header',
    description: "becomes the request's id",
    schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,128}$' },
  },
  'x-cliproxy-strict': {
    name: 'x-cliproxy-strict',
    in: 'header',
    description: 'true: a parameter that cannot be honoured is an error',
    schema: { enum: ['true', 'false'] },
  },
} as const;

const inHeader = (name: string) => ({ type: 'apiKey', in: 'header', name }) as const;

/** The ways in which a key is shown. */
export const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer', description: 'a key of server.apiKeys' },
  apiKey: inHeader('x-api-key'),
  googApiKey: inHeader('x-goog-api-key'),
  queryKey: { type: 'apiKey', in: 'query', name: 'key' },
  adminBearer: { type: 'http', scheme: 'bearer', description: 'a key of server.adminKeys' },
  adminApiKey: inHeader('x-api-key'),
  adminGoogApiKey: inHeader('x-goog-api-key'),
  ticket: { type: 'apiKey', in: 'query', name: 'ticket' },
} as const;

type Scheme = keyof typeof securitySchemes;

const client: readonly Scheme[] = ['bearer', 'apiKey', 'googApiKey', 'queryKey'];
const admin: readonly Scheme[] = ['adminBearer', 'adminApiKey', 'adminGoogApiKey'];
const one = (scheme: Scheme): object => ({ [scheme]: [] });

/** What a request must show: one of these; an empty one is nothing. */
export function securityOf(access: Access): readonly object[] {
  switch (access) {
    case 'anyone':
      return [];
    case 'optional':
      return [{}, ...client.map(one)];
    case 'client':
      return client.map(one);
    case 'admin':
      return admin.map(one);
    case 'ticket':
      return [...admin, 'ticket' as const].map(one);
  }
}
