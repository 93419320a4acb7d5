import type { FinishReason } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';

/** What an answer holds beside its text. */
export interface Holds {
  readonly calls: boolean;
  readonly refusal: boolean;
}

/**
 * Why an answer ended. The dialect has no word for an end with tool calls or with a refusal: the
 * output tells. A new reason for an incomplete answer counts as its length.
 */
export function readStatus(response: JsonObject, holds: Holds): FinishReason {
  if (response.status === 'incomplete') {
    const { incomplete_details: details } = response;
    const reason = isJsonObject(details) ? details.reason : undefined;
    return reason === 'content_filter' ? 'refusal' : 'length';
  }
  if (holds.calls) return 'tool-calls';
  return holds.refusal ? 'refusal' : 'stop';
}

/** The members of a response that say how it ended. */
export interface WrittenStatus extends JsonObject {
  readonly status: 'completed' | 'incomplete';
  readonly incomplete_details: JsonObject | null;
}

/** Writes how an answer ended. A refusal in the model's own words is a complete answer. */
export function writeStatus(reason: FinishReason, holdsRefusal: boolean): WrittenStatus {
  switch (reason) {
    case 'length':
      return { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
    case 'refusal':
      if (holdsRefusal) break;
      return { status: 'incomplete', incomplete_details: { reason: 'content_filter' } };
    case 'stop':
    case 'tool-calls':
    case 'pause':
      break;
  }
  return { status: 'completed', incomplete_details: null };
}
