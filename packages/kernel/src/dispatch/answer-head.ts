import { ignoredHeader } from './ignored-names.ts';
import type { AnswerStart } from './ingress-call.ts';

const noHeaders: AnswerStart['headers'] = Object.freeze({});

/**
 * Head of the answer to a client.
 *
 * @param ignored - parameters that the answer does not honour, as the client named them.
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
  if (ignored.length > 0) headers['x-cliproxy-ignored'] = ignoredHeader(ignored);
  return { status: 200, contentType, headers };
}
