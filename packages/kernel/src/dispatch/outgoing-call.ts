import type { CallContext, HeaderMap, WireCall } from '@cliproxy/plugin-api';
import type { AttemptInput } from './attempt-input.ts';
import type { PreparedCall } from './prepared-call.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A {@link PreparedCall} in a dialect. */
export type WirePrepared = Extract<PreparedCall, { kind: 'wire' }>;

const jsonHeaders: HeaderMap = Object.freeze({ 'content-type': 'application/json' });

/** What a wire executor is given. @param signal - of this attempt alone. */
export function wireCall(
  { call, candidate, choice, instance, number }: AttemptInput,
  { dialect, exchange }: WirePrepared,
  signal: AbortSignal,
): WireCall {
  const { facts } = call.request;
  const { handle } = choice;
  // One literal, no spreading: this is the hot path, and copying an object costs ten of these.
  const wire: Mutable<WireCall> = {
    account: handle.account,
    signal,
    logger: instance.logger,
    http: handle.http,
    authorize: (request) => handle.authorize(request, signal),
    requestId: call.requestId,
    attempt: number,
    model: candidate.upstreamModel,
    dialect,
    operation: facts.operation,
    stream: facts.stream,
    path: exchange.path,
    headers: upstreamHeaders(call.headers),
    body: exchange.body,
  };
  if (facts.sessionKey !== undefined) wire.sessionKey = facts.sessionKey;
  return wire;
}

/** What an executor that produces events is given beside the request. */
export function eventCall(
  { call, candidate, choice, instance, number }: AttemptInput,
  signal: AbortSignal,
): CallContext {
  const { handle } = choice;
  const { sessionKey } = call.request.facts;
  return {
    account: handle.account,
    signal,
    logger: instance.logger,
    http: handle.http,
    authorize: (request) => handle.authorize(request, signal),
    requestId: call.requestId,
    attempt: number,
    model: candidate.upstreamModel,
    ...(sessionKey === undefined ? {} : { sessionKey }),
  };
}

function upstreamHeaders(allowed: HeaderMap): HeaderMap {
  // No copy where the client sent nothing that may go upstream.
  for (const name in allowed) {
    if (Object.hasOwn(allowed, name)) return { ...allowed, ...jsonHeaders };
  }
  return jsonHeaders;
}
