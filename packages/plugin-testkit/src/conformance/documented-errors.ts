import type { Dialect } from '@cliproxy/plugin-api';
import type { DocumentedError } from './conformance.ts';

const OPENAI: readonly DocumentedError[] = [
  { status: 400, kind: 'bad-request' },
  { status: 401, kind: 'auth' },
  { status: 403, kind: 'forbidden' },
  { status: 404, kind: 'not-found' },
  { status: 429, kind: 'rate-limit' },
  { status: 429, code: 'insufficient_quota', kind: 'billing' },
  { status: 500, kind: 'upstream' },
  { status: 503, kind: 'overloaded' },
];

/**
 * What the vendors document, and what it means.
 *
 * @see https://platform.openai.com/docs/guides/error-codes
 * @see https://platform.claude.com/docs/en/api/errors
 * @see https://ai.google.dev/gemini-api/docs/troubleshooting
 */
export const DOCUMENTED: Readonly<Record<Dialect, readonly DocumentedError[]>> = {
  'openai-chat': OPENAI,
  'openai-responses': OPENAI,
  'anthropic-messages': [
    { status: 400, kind: 'bad-request' },
    { status: 401, kind: 'auth' },
    { status: 402, kind: 'billing' },
    { status: 403, kind: 'forbidden' },
    { status: 404, kind: 'not-found' },
    { status: 413, kind: 'too-large' },
    { status: 429, kind: 'rate-limit' },
    { status: 500, kind: 'upstream' },
    { status: 529, kind: 'overloaded' },
  ],
  gemini: [
    { status: 400, kind: 'bad-request' },
    { status: 400, code: 'API_KEY_INVALID', kind: 'auth' },
    { status: 403, kind: 'forbidden' },
    { status: 404, kind: 'not-found' },
    { status: 429, kind: 'rate-limit' },
    { status: 500, kind: 'upstream' },
    { status: 503, kind: 'overloaded' },
  ],
};
