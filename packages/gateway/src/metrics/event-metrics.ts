import type { AttemptRecord, EventSink, KernelEvent, RequestFinished } from '@cliproxy/kernel';
import { errorTable } from '@cliproxy/plugin-api';
import { CounterTally, HistogramTally } from './tallies.ts';
import type { Metric } from './tallies.ts';

/** Names of models come from clients and upstreams: so many are told apart, the rest is `other`. */
const MAX_MODELS = 200;
const MAX_MODEL_CHARS = 100;
/** In the place of an instance where a request came to none. */
const NONE = '';

const DURATION_S = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
const FIRST_TOKEN_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** What the kernel has told, added up since the start. */
export interface EventMetrics extends EventSink {
  metrics(): readonly Metric[];
}

/**
 * Adds up what the kernel tells. Plain numbers, so that all of it counts from the start, though
 * what writes a page of them is not there before the first one is asked for.
 */
export function createEventMetrics(): EventMetrics {
  const requests = new CounterTally(
    'cliproxy_requests_total',
    'Requests of clients, by the instance that was asked last.',
  );
  const errors = new CounterTally(
    'cliproxy_request_errors_total',
    'Requests that ended with an error, by its code.',
  );
  const durations = new HistogramTally(
    'cliproxy_request_duration_seconds',
    'From the beginning of a request to the end of its answer.',
    DURATION_S,
  );
  const firstTokens = new HistogramTally(
    'cliproxy_time_to_first_token_seconds',
    'From the beginning of a streamed request to the first content of its answer.',
    FIRST_TOKEN_S,
  );
  const attempts = new CounterTally(
    'cliproxy_attempts_total',
    'Attempts at instances, by what they came to and the kind of failure.',
  );
  const tokens = new CounterTally(
    'cliproxy_tokens_total',
    'Tokens as upstreams tell them: cached and cache_write are part of input, reasoning of output.',
  );
  const faults = new CounterTally(
    'cliproxy_plugin_faults_total',
    "Faults of plugins' own code, by where they showed.",
  );
  const strays = new CounterTally(
    'cliproxy_stray_errors_total',
    'Errors that nobody caught and that belong to no plugin.',
  );
  const openings = new CounterTally(
    'cliproxy_plugin_circuit_openings_total',
    'How often an instance was put out because of its own faults.',
  );
  const models = new Set<string>();
  const modelLabel = (model: string): string => {
    if (models.has(model)) return model;
    if (models.size >= MAX_MODELS || model.length > MAX_MODEL_CHARS) return 'other';
    models.add(model);
    return model;
  };

  const noteAttempt = ({ instanceId, outcome, failure }: AttemptRecord): void => {
    attempts.add({ instance: instanceId, outcome, failure: failure ?? '' });
  };
  const noteUsage = (event: RequestFinished, last: AttemptRecord): void => {
    const { usage } = event;
    if (usage === undefined) return;
    const { inputTokens, outputTokens, cachedTokens, cacheWriteTokens, reasoningTokens } = usage;
    const kinds = {
      input: inputTokens,
      output: outputTokens,
      cached: cachedTokens,
      cache_write: cacheWriteTokens,
      reasoning: reasoningTokens,
    };
    const model = modelLabel(last.model);
    for (const [kind, count] of Object.entries(kinds)) {
      if (count === undefined || !(count > 0)) continue;
      tokens.add({ instance: last.instanceId, model, kind }, count);
    }
  };
  const noteRequest = (event: RequestFinished): void => {
    const { dialect, operation, outcome, code, durationMs, firstTokenMs } = event;
    const last = event.attempts.at(-1);
    const instance = last?.instanceId ?? NONE;
    requests.add({ instance, dialect, operation, outcome });
    if (code !== undefined) {
      errors.add({ code: Object.hasOwn(errorTable, code) ? code : 'other' });
    }
    const labels = { instance, dialect };
    durations.observe(labels, durationMs / 1_000);
    if (event.stream && firstTokenMs !== undefined) {
      firstTokens.observe(labels, firstTokenMs / 1_000);
    }
    for (const attempt of event.attempts) noteAttempt(attempt);
    if (last !== undefined) noteUsage(event, last);
  };

  return {
    emit(event: KernelEvent) {
      switch (event.type) {
        case 'request-finished':
          noteRequest(event);
          break;
        case 'plugin-faulted':
          faults.add({ instance: event.instanceId, where: event.where }, event.count);
          break;
        case 'stray-error':
          strays.add({}, event.count);
          break;
        case 'circuit-changed':
          if (event.state === 'open') openings.add({ instance: event.instanceId });
          break;
        case 'account-changed':
        case 'plugin-changed':
        case 'child-changed':
          // How these stand is read when somebody asks.
          break;
      }
    },
    metrics: () =>
      [requests, errors, durations, firstTokens, attempts, tokens, faults, strays, openings].map(
        (one) => one.metric(),
      ),
  };
}
