import { GatewayError } from '@cliproxy/plugin-api';
import type { CallContext } from '@cliproxy/plugin-api';
import type { Clock, CtonewService } from '../config.ts';
import { failureOfStatus } from '../failure-of-status.ts';
import { truncated } from './answer-events.ts';
import { answerStreamUrl } from './answer-stream-url.ts';
import type { StreamEnd } from './message-stream.ts';
import { MessageStream } from './message-stream.ts';

/** What a close code says before any answer, by RFC 6455 and its registry; else it was cut off. */
const STATUS_OF_CODE: Readonly<Record<number, number>> = { 1008: 401, 1012: 503, 1013: 503 };

/**
 * Opens the stream on which a chat's answer will be heard.
 *
 * @throws GatewayError `UPSTREAM_*`; never with the address, which holds the account's credential.
 */
export async function openAnswerStream(
  service: CtonewService,
  chatId: string,
  { authorize, signal }: Pick<CallContext, 'authorize' | 'signal'>,
): Promise<MessageStream> {
  const { url, headers } = await authorize({
    method: 'GET',
    url: answerStreamUrl(service, chatId),
    headers: { origin: service.origin, 'user-agent': 'cliproxy' },
  });
  const stream = new MessageStream(url.replace(/^http/u, 'ws'), headers, signal);
  const fault = await stream.opened;
  if (fault === undefined) return stream;
  stream.close();
  if ('error' in fault) throw unreachable(fault.error);
  const { status, retryAfter } = fault;
  const told = `the stream of the answer was refused with ${status}`;
  const given = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
  throw failureOfStatus({ status, headers: given }, told, service.clock);
}

/** @param begun - whether any of the answer had come. */
export function endedEarly({ code }: StreamEnd, begun: boolean, clock: Clock): GatewayError {
  const told = `the stream of the answer was closed with ${code} before the answer was complete`;
  const status = begun ? undefined : STATUS_OF_CODE[code];
  return status === undefined
    ? truncated(told)
    : failureOfStatus({ status, headers: {} }, told, clock);
}

/** Node's words may hold the address; its code does not. */
function unreachable(error: Error & { readonly code?: unknown }): GatewayError {
  const code = typeof error.code === 'string' ? ` (${error.code})` : '';
  const message = `no connection to the stream of the answer${code}; check webSocketBaseUrl`;
  return new GatewayError('UPSTREAM_UNREACHABLE', message, {
    failure: { kind: 'network', scope: 'account', message },
  });
}
