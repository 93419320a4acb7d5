import type { IncomingHttpHeaders } from 'node:http';
import type { Dialect } from '@cliproxy/plugin-api';

/** Which paths only the clients of one dialect use. */
const OWN_PATHS: readonly (readonly [RegExp, Dialect])[] = [
  [/^\/v1\/messages(?:\/|$)/, 'anthropic-messages'],
  [/^\/v1\/responses(?:\/|$)/, 'openai-responses'],
  [/^\/v1\/(?:chat|completions|embeddings)(?:\/|$)/, 'openai-chat'],
  [/^\/v1beta(?:\/|$)/, 'gemini'],
  [/^\/v1\/models\/.+:(?:generateContent|streamGenerateContent|countTokens)$/, 'gemini'],
];

/** The dialect whose clients use a path, also one that does not exist: errors take its shape. */
export function dialectOfPath(path: string, headers: IncomingHttpHeaders): Dialect {
  for (const [pattern, dialect] of OWN_PATHS) if (pattern.test(path)) return dialect;
  return dialectOfHeaders(headers);
}

/** The dialect of a client, where several use the same path. */
export function dialectOfHeaders(
  headers: IncomingHttpHeaders,
): Exclude<Dialect, 'openai-responses'> {
  // What the vendors' SDKs send with every request, and nobody else does.
  if (headers['anthropic-version'] !== undefined) return 'anthropic-messages';
  if (headers['x-goog-api-client'] !== undefined) return 'gemini';
  return 'openai-chat';
}
