import OpenAI from 'openai';
import type { Complaint } from '../conversation.ts';

/** What OpenAI's SDK throws when an API says no, whichever of its two APIs it was. */
export function openaiComplaint(error: unknown): Complaint | undefined {
  if (!(error instanceof OpenAI.APIError)) return undefined;
  const retryAfter = (error.headers as Headers | undefined)?.get('retry-after');
  return {
    type: error.constructor.name,
    status: error.status as number | undefined,
    message: error.message,
    retryAfterS: retryAfter ? Number(retryAfter) : undefined,
  };
}

const CLASSES: Readonly<Record<number, string>> = {
  400: 'BadRequestError',
  404: 'NotFoundError',
  429: 'RateLimitError',
};

/** Its class for a status. */
export function openaiClassOf(status: number): string {
  return CLASSES[status] ?? (status >= 500 ? 'InternalServerError' : 'APIError');
}
