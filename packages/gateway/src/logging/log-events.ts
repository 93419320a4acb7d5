import type {
  AccountChanged,
  AttemptRecord,
  ChildChanged,
  CircuitChanged,
  EventSink,
  PluginChanged,
  RequestFinished,
} from '@cliproxy/kernel';
import type { Logging } from './create-logging.ts';

const PLUGIN_LEVELS = {
  starting: 'info',
  ready: 'info',
  'needs-login': 'warn',
  failed: 'error',
  stopped: 'info',
  disabled: 'info',
} as const satisfies Record<PluginChanged['state'], string>;

const CHILD_LEVELS = {
  waiting: 'info',
  starting: 'info',
  ready: 'info',
  'backing-off': 'warn',
  'crash-loop': 'error',
  stopping: 'info',
  stopped: 'info',
} as const satisfies Record<ChildChanged['state'], string>;

/** Longest name and longest list that clients and upstreams get into a line. */
const MAX_NAME = 200;
const MAX_IGNORED = 20;

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
          kernel[PLUGIN_LEVELS[event.state]](`plugin ${event.instanceId} is ${event.state}`, {
            instance: event.instanceId,
            reason: event.reason,
          });
          break;
        case 'child-changed': {
          const { instanceId, child, state, pid, restarts, reason, log } = event;
          kernel[CHILD_LEVELS[state]](`child ${instanceId}/${child} is ${state}`, {
            instance: instanceId,
            ...{ pid, restarts, reason },
            until: untilOf(event),
            // Where to look, when there is reason to.
            log: reason === undefined ? undefined : log,
          });
          break;
        }
        case 'plugin-faulted': {
          const { instanceId, where, count, message, requestId, cause } = event;
          const many = count === 1 ? 'a fault' : `${count} more faults`;
          logging.logger(instanceId).error(`${many} of the plugin (${where}): ${message}`, {
            instance: instanceId,
            ...{ where, count, requestId, cause },
          });
          break;
        }
        case 'stray-error': {
          const { count, message, cause } = event;
          const what = 'nobody caught, and that belongs to no plugin';
          logging
            .logger('gateway')
            .error(
              `${count === 1 ? 'an error' : `${count} more errors`} that ${what}: ${message}`,
              { count, cause },
            );
          break;
        }
        case 'circuit-changed':
          kernel[event.state === 'open' ? 'warn' : 'info'](circuitSentence(event), {
            instance: event.instanceId,
            reason: event.reason,
            until: untilOf(event),
          });
          break;
      }
    },
  };
}

function circuitSentence({ instanceId, state, reason = '' }: CircuitChanged): string {
  return state === 'open'
    ? `plugin ${instanceId} is ${reason}`
    : `plugin ${instanceId} is tried as usual again`;
}

function sentence(event: RequestFinished): string {
  const last = event.attempts.at(-1);
  const by = last === undefined ? '' : ` by ${last.instanceId} (${last.accountLabel})`;
  const where = event.estimated === undefined ? by : ' by an estimate';
  const took = `${Math.round(event.durationMs)} ms`;
  const why = event.code === undefined ? '' : ` ${event.code}`;
  return `${short(event.model)} ${event.status} ${event.outcome}${where} in ${took}${why}`;
}

function requestFields(event: RequestFinished): Readonly<Record<string, unknown>> {
  const last = event.attempts.at(-1);
  return {
    id: event.requestId,
    dialect: event.dialect,
    operation: event.operation,
    model: short(event.model),
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
    ignored: event.ignored?.slice(0, MAX_IGNORED).map(short),
    estimated: event.estimated,
    // One attempt that answered is told by the fields above.
    attempts:
      event.attempts.length === 1 && event.outcome === 'answered' && event.estimated === undefined
        ? undefined
        : event.attempts.map(attemptFields),
    upstreamRequestId: last?.upstreamRequestId,
  };
}

function attemptFields(attempt: AttemptRecord): object {
  return {
    instance: attempt.instanceId,
    account: attempt.accountLabel,
    model: short(attempt.model),
    status: attempt.status,
    outcome: attempt.outcome,
    failure: attempt.failure,
    code: attempt.code,
    reason: attempt.reason,
    without: attempt.without,
    durationMs: Math.round(attempt.durationMs),
    upstreamRequestId: attempt.upstreamRequestId,
  };
}

function changeFields(event: AccountChanged): object {
  const { reason } = event;
  const until = untilOf(event);
  return {
    instance: event.instanceId,
    account: event.accountLabel,
    model: event.model,
    reason,
    until,
  };
}

function untilOf({ untilMs }: { readonly untilMs?: number }): string | undefined {
  return untilMs === undefined ? undefined : new Date(untilMs).toISOString();
}

/** A client may ask for a model whose name fills a megabyte. */
function short(name: string): string {
  return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name;
}
