import type { AnswerStart } from './ingress-call.ts';

const noHeaders: AnswerStart['headers'] = Object.freeze({});
const MAX_IGNORED_BYTES = 1_024;

/**
 * Head of the answer to a client.
 *
 * @param ignored - names that the client wrote; they go out as a header and may hold anything.
 */
export function answerHead(
  contentType: string,
  upstreamRequestId: string | undefined,
  ignored: readonly string[],
): AnswerStart {
  if (upstreamRequestId === undefined && ignored.length === 0) {
    return { status: 200, contentType, headers: noHeaders };
  }
  const headers: Record<string, string> = {};
  if (upstreamRequestId !== undefined) headers['x-upstream-request-id'] = upstreamRequestId;
  if (ignored.length > 0) headers['x-cliproxy-ignored'] = headerValue(ignored.join(', '));
  return { status: 200, contentType, headers };
}

function headerValue(text: string): string {
  return text.slice(0, MAX_IGNORED_BYTES).replace(/[^\x20-\x7e]/g, '?');
}
