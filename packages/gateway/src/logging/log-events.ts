import type { AccountChanged, AttemptRecord, EventSink, RequestFinished } from '@cliproxy/kernel';
import type { Logging } from './create-logging.ts';

/** Writes what the kernel tells into the log: one line per request, one per change of state. */
export function logEvents(logging: Logging): EventSink {
  const kernel = logging.logger('kernel');
  return {
    emit(event) {
      switch (event.type) {
        case 'request-finished': {
          const level = event.outcome === 'failed' || event.outcome === 'broken' ? 'warn' : 'info';
          logging.plain.write(level, 'request', sentence(event), requestFields(event));
          break;
        }
        case 'account-changed':
          kernel[event.state === 'usable' || event.state === 'trial' ? 'info' : 'warn'](
            `account ${event.account} is ${event.state}`,
            changeFields(event),
          );
          break;
        case 'plugin-changed':
          kernel[event.state === 'failed' ? 'error' : 'info'](
            `plugin ${event.instanceId} is ${event.state}`,
            event.reason === undefined ? undefined : { reason: event.reason },
          );
          break;
      }
    },
  };
}

function sentence(event: RequestFinished): string {
  const last = event.attempts.at(-1);
  const where = last === undefined ? '' : ` by ${last.instanceId} (${last.accountLabel})`;
  const took = `${Math.round(event.durationMs)} ms`;
  const why = event.code === undefined ? '' : ` ${event.code}`;
  return `${event.model} ${event.status} ${event.outcome}${where} in ${took}${why}`;
}

function requestFields(event: RequestFinished): object {
  const last = event.attempts.at(-1);
  return {
    id: event.requestId,
    dialect: event.dialect,
    operation: event.operation,
    model: event.model,
    stream: event.stream,
    client: event.client,
    status: event.status,
    outcome: event.outcome,
    code: event.code,
    instance: last?.instanceId,
    account: last?.accountLabel,
    passthrough: event.passthrough,
    durationMs: Math.round(event.durationMs),
    firstTokenMs: event.firstTokenMs === undefined ? undefined : Math.round(event.firstTokenMs),
    inputTokens: event.usage?.inputTokens,
    outputTokens: event.usage?.outputTokens,
    cachedTokens: event.usage?.cachedTokens,
    finish: event.finish,
    ignored: event.ignored,
    // One attempt that answered is told by the fields above.
    attempts:
      event.attempts.length === 1 && event.outcome === 'answered'
        ? undefined
        : event.attempts.map(attemptFields),
    upstreamRequestId: last?.upstreamRequestId,
  };
}

function attemptFields(attempt: AttemptRecord): object {
  return {
    instance: attempt.instanceId,
    account: attempt.accountLabel,
    model: attempt.model,
    status: attempt.status,
    outcome: attempt.outcome,
    failure: attempt.failure,
    code: attempt.code,
    reason: attempt.reason,
    durationMs: Math.round(attempt.durationMs),
    upstreamRequestId: attempt.upstreamRequestId,
  };
}

function changeFields(event: AccountChanged): object {
  const { reason } = event;
  const until = event.untilMs === undefined ? undefined : new Date(event.untilMs).toISOString();
  return { account: event.accountLabel, model: event.model, reason, until };
}
