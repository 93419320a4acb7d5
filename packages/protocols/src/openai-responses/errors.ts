import type { GatewayError } from '@cliproxy/plugin-api';
import type { ErrorCodec } from '../codec/error-codec.ts';
import type { JsonObject } from '../model/json-object.ts';
import { badAnswer } from '../codec/bad-answer.ts';
import { throwErrorInside } from '../openai-chat/error-classes.ts';
import type { EventWriter } from './event-writer.ts';
import { chatError, errorsOf } from '../openai-chat/errors.ts';

/**
 * Errors of the dialect: outside of streams, OpenAI tells them as in Chat.
 *
 * @see https://developers.openai.com/api/docs/guides/error-codes
 */
export const errors: ErrorCodec = errorsOf('openai-responses');

/** The error of a response that failed. */
export function failedResponse(error: GatewayError, requestId: string): JsonObject {
  const { message, type, param, code, gateway_code } = chatError(error, 'openai-responses');
  return {
    code: code ?? 'server_error',
    message,
    param,
    type,
    gateway_code,
    request_id: requestId,
  };
}

/** Tells an error where no response has begun that could fail. */
export function errorEvent(events: EventWriter, error: GatewayError, requestId: string): string {
  const { code, message, param, gateway_code } = failedResponse(error, requestId);
  const members = { code, message, param, gateway_code, request_id: requestId };
  return events.event('error', JSON.stringify(members).slice(1, -1));
}

/**
 * Throws what it means that a response did not come to a good end.
 *
 * @throws GatewayError of the `UPSTREAM_` family, for a failed or cancelled response.
 */
export function throwFailed(response: JsonObject): void {
  const { status, error } = response;
  if (status === 'failed' || (error !== undefined && error !== null)) {
    throwErrorInside({ error: error ?? 'the response failed without a reason' });
  }
  if (status === 'cancelled') {
    throwErrorInside({ error: { message: 'the response was cancelled', code: 'server_error' } });
  }
}

/** An answer in one piece that is still being made: only who asks for one in the background gets it. */
export function throwUnfinished({ status }: JsonObject): void {
  if (status === 'queued' || status === 'in_progress') {
    throw badAnswer(`The upstream's response is ${status}; ask for it without \`background\`.`);
  }
}
