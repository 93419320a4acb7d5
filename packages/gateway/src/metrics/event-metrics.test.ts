import { expect, test } from '@jest/globals';
import type { AttemptRecord, RequestFinished } from '@cliproxy/kernel';
import { createEventMetrics } from './event-metrics.ts';
import type { EventMetrics } from './event-metrics.ts';

const attempt = (more: Partial<AttemptRecord> = {}): AttemptRecord => ({
  instanceId: 'one',
  account: 'one/secret-account',
  accountLabel: '***',
  model: 'm',
  startedMs: 0,
  durationMs: 5,
  outcome: 'answered',
  ...more,
});
const finished = (more: Partial<RequestFinished> = {}): RequestFinished => ({
  type: 'request-finished',
  requestId: 'r',
  dialect: 'openai-chat',
  operation: 'generate',
  model: 'm',
  stream: true,
  outcome: 'answered',
  status: 200,
  attempts: [attempt()],
  durationMs: 1_500,
  firstTokenMs: 70,
  usage: { inputTokens: 10, outputTokens: 4, cachedTokens: 3 },
  ...more,
});

function values(metrics: EventMetrics, name: string): Record<string, number> {
  const found = metrics.metrics().find((one) => one.name === name);
  return Object.fromEntries(
    (found?.values ?? []).map(({ labels, value, metricName = '' }) => [
      `${metricName.replace(name, '')}${Object.values(labels).join(' ')}`,
      value,
    ]),
  );
}

test('adds up requests, attempts, tokens and times', () => {
  const metrics = createEventMetrics();
  metrics.emit(finished());
  metrics.emit(finished());
  metrics.emit(
    finished({
      outcome: 'failed',
      code: 'UPSTREAM_TIMEOUT',
      attempts: [
        attempt({ outcome: 'failed', failure: 'timeout' }),
        attempt({ instanceId: 'two', outcome: 'failed', failure: 'overloaded' }),
      ],
    }),
  );
  metrics.emit(finished({ outcome: 'failed', code: 'MADE_UP_BY_A_PLUGIN', attempts: [] }));
  expect(values(metrics, 'cliproxy_requests_total')).toEqual({
    'one openai-chat generate answered': 2,
    'two openai-chat generate failed': 1,
    ' openai-chat generate failed': 1,
  });
  expect(values(metrics, 'cliproxy_request_errors_total')).toEqual({
    UPSTREAM_TIMEOUT: 1,
    other: 1,
  });
  expect(values(metrics, 'cliproxy_attempts_total')).toEqual({
    'one answered ': 2,
    'one failed timeout': 1,
    'two failed overloaded': 1,
  });
  expect(values(metrics, 'cliproxy_tokens_total')).toMatchObject({
    'one m input': 20,
    'one m output': 8,
    'one m cached': 6,
  });
  expect(values(metrics, 'cliproxy_time_to_first_token_seconds')).toMatchObject({
    '_bucket0.05 one openai-chat': 0,
    '_bucket0.1 one openai-chat': 2,
    '_bucket+Inf one openai-chat': 2,
    '_countone openai-chat': 2,
  });
  expect(values(metrics, 'cliproxy_request_duration_seconds')).toMatchObject({
    '_bucket1 one openai-chat': 0,
    '_bucket2.5 one openai-chat': 2,
    '_sumone openai-chat': 3,
  });
});

test('a fault that stands for many counts as many', () => {
  const metrics = createEventMetrics();
  const fault = { type: 'plugin-faulted', instanceId: 'one', where: 'stray' } as const;
  metrics.emit({ ...fault, count: 1, message: 'x' });
  metrics.emit({ ...fault, count: 994, message: 'x' });
  metrics.emit({ type: 'stray-error', count: 3, message: 'x' });
  metrics.emit({ type: 'circuit-changed', instanceId: 'one', state: 'open' });
  metrics.emit({ type: 'circuit-changed', instanceId: 'one', state: 'closed' });
  expect(values(metrics, 'cliproxy_plugin_faults_total')).toEqual({ 'one stray': 995 });
  expect(values(metrics, 'cliproxy_stray_errors_total')).toEqual({ '': 3 });
  expect(values(metrics, 'cliproxy_plugin_circuit_openings_total')).toEqual({ one: 1 });
});

test('however many models are named, few are told apart, and no account is named', () => {
  const metrics = createEventMetrics();
  for (let n = 0; n < 5_000; n += 1) {
    metrics.emit(finished({ model: `asked-${n}`, attempts: [attempt({ model: `m-${n}` })] }));
  }
  metrics.emit(finished({ attempts: [attempt({ model: 'm'.repeat(10_000) })] }));
  const tokens = values(metrics, 'cliproxy_tokens_total');
  expect(Object.keys(tokens)).toHaveLength(201 * 3);
  expect(tokens['one other input']).toBe(10 * (5_001 - 200));
  expect(JSON.stringify(metrics.metrics())).not.toMatch(/secret-account|asked-|mmm/u);
});
