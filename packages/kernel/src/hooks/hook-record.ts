import type { HookAttemptRecord, HookRecord } from '@cliproxy/plugin-api';
import type { AttemptRecord, RequestFinished } from '../ports/event-sink.ts';

/** What hooks are told of a finished request: nothing that a vendor or a client wrote. */
export function hookRecord(finished: RequestFinished): HookRecord {
  const { requestId, dialect, operation, model, stream, outcome, status, durationMs } = finished;
  const { client, code, firstTokenMs, usage, finish } = finished;
  return {
    ...{ requestId, dialect, operation, model, stream, outcome, status, durationMs },
    attempts: finished.attempts.map(attemptRecord),
    ...(client === undefined ? {} : { client }),
    ...(code === undefined ? {} : { code }),
    ...(firstTokenMs === undefined ? {} : { firstTokenMs }),
    ...(usage === undefined ? {} : { usage }),
    ...(finish === undefined ? {} : { finish }),
  };
}

function attemptRecord(attempt: AttemptRecord): HookAttemptRecord {
  const { instanceId, accountLabel, model, startedMs, durationMs, outcome } = attempt;
  const { status, failure, code } = attempt;
  return {
    ...{ instanceId, accountLabel, model, startedMs, durationMs, outcome },
    ...(status === undefined ? {} : { status }),
    ...(failure === undefined ? {} : { failure }),
    ...(code === undefined ? {} : { code }),
  };
}
