import type { Complaint } from '../conversation.ts';

/** What the errors of OpenAI's and Anthropic's SDKs hold; those of a stream have no status. */
interface StatusError extends Error {
  readonly status: unknown;
  readonly headers: unknown;
}

/** Reads an error of one of them. */
export function statusComplaint(error: StatusError): Complaint {
  const { message, status, headers } = error;
  const retryAfter = headers instanceof Headers ? headers.get('retry-after') : null;
  return {
    type: error.constructor.name,
    status: typeof status === 'number' ? status : undefined,
    message,
    retryAfterS: retryAfter === null ? undefined : Number(retryAfter),
  };
}
