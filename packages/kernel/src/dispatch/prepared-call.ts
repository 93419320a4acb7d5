import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';
import type { Dialect, EventExecutor, WireExecutor } from '@cliproxy/plugin-api';
import type {
  EncodeTarget,
  EventExchange,
  ReplyExchange,
  WireExchange,
} from '../ports/dialects.ts';
import type { KernelSettings } from '../ports/settings.ts';
import type { Candidate } from '../routing/plan.ts';
import { ignoredNames } from './ignored-names.ts';
import type { IngressCall } from './ingress-call.ts';

/** The part of the configuration that requests are dispatched by. */
export type DispatchSettings = Pick<KernelSettings, 'failover' | 'timeouts' | 'usage'>;

/** A client's request, made ready for one target. Good for one attempt. */
export type PreparedCall =
  | {
      readonly kind: 'wire';
      readonly executor: WireExecutor;
      readonly dialect: Dialect;
      readonly exchange: WireExchange;
    }
  | { readonly kind: 'events'; readonly executor: EventExecutor; readonly exchange: EventExchange }
  | { readonly kind: 'reply'; readonly executor: EventExecutor; readonly exchange: ReplyExchange };

/**
 * Makes a client's request ready for a target: in the best of the dialects that can express it.
 *
 * @returns `undefined` when the target's instance has ended meanwhile.
 * @throws GatewayError `CLIENT_UNSUPPORTED` when the target can't do what the request asks for, or,
 *   with strict parameters, can't honour all of it. Another target may.
 */
export function prepareCall(
  call: IngressCall,
  candidate: Candidate,
  settings: DispatchSettings,
): PreparedCall | undefined {
  const executor = candidate.instance?.executor;
  if (executor === undefined) return undefined;
  if (executor.kind === 'events') {
    // Events have no dialect; the two fields that speak of one are not looked at.
    const target = targetOf(candidate, settings, 'openai-chat', false);
    const prepared: PreparedCall =
      call.request.facts.operation === 'generate'
        ? { kind: 'events', executor, exchange: call.request.events(target) }
        : { kind: 'reply', executor, exchange: call.request.reply(target) };
    if (call.strict) refuseIgnored(prepared.exchange.ignored, candidate);
    return prepared;
  }
  const passthrough = executor.passthrough !== false;
  let unsupported: GatewayError | undefined;
  for (const dialect of candidate.dialects) {
    try {
      const exchange = call.request.wire(targetOf(candidate, settings, dialect, passthrough));
      if (call.strict) refuseIgnored(exchange.ignored, candidate);
      return { kind: 'wire', executor, dialect, exchange };
    } catch (thrown) {
      if (!isUnsupported(thrown)) throw thrown;
      unsupported ??= thrown;
    }
  }
  if (unsupported === undefined) return undefined;
  throw unsupported;
}

function targetOf(
  candidate: Candidate,
  { usage, failover }: DispatchSettings,
  dialect: Dialect,
  passthrough: boolean,
): EncodeTarget {
  const { upstreamModel: model, instanceId, refuses, maxOutputTokens } = candidate;
  const { maxAnswerBytes } = failover;
  const target = { dialect, model, instanceId, passthrough, refuses, usage, maxAnswerBytes };
  return maxOutputTokens === undefined ? target : { ...target, maxOutputTokens };
}

/** Whether an error says that one target can't do it, and leaves others to try. */
export function isUnsupported(thrown: unknown): thrown is GatewayError {
  return isGatewayError(thrown) && thrown.code === 'CLIENT_UNSUPPORTED';
}

function refuseIgnored(ignored: readonly string[], candidate: Candidate): void {
  if (ignored.length === 0) return;
  const { instanceId, upstreamModel } = candidate;
  const names = ignoredNames(ignored)
    .map((name) => `\`${name}\``)
    .join(', ');
  const message = `${instanceId} can't honour ${names} for ${upstreamModel}; leave it out, or don't ask for strict parameters`;
  throw new GatewayError('CLIENT_UNSUPPORTED', message, {
    failure: { kind: 'bad-request', scope: 'request' },
  });
}
