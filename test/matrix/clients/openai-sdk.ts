import OpenAI from 'openai';
import type { Complaint, Line } from '../conversation.ts';
import { statusComplaint } from './status-complaint.ts';

/** The SDK that both of OpenAI's APIs have. */
export function openaiSdk({ url, apiKey, fetch }: Line): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey, fetch, maxRetries: 0 });
}

/** What OpenAI's SDK throws when an API says no, whichever of its two APIs it was. */
export function openaiComplaint(error: unknown): Complaint | undefined {
  return error instanceof OpenAI.APIError ? statusComplaint(error) : undefined;
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
