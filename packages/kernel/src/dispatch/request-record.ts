import { errorRow } from '@cliproxy/plugin-api';
import type { GatewayError } from '@cliproxy/plugin-api';
import type { Clock } from '../ports/clock.ts';
import type { AttemptRecord, EventSink, RequestFinished } from '../ports/event-sink.ts';
import type { AccountChoice, Candidate } from '../routing/plan.ts';
import type { AttemptEnd } from './attempt-input.ts';
import type { Attempt } from './attempt.ts';
import type { IngressCall } from './ingress-call.ts';

const MAX_REASON_CHARS = 300;

type Outcome = RequestFinished['outcome'];

/** What happened to one client's request; told exactly once, when it is over. */
export class RequestRecord {
  /** When the request began, in monotonic milliseconds. */
  readonly startedMs: number;
  readonly #call: IngressCall;
  readonly #clock: Clock;
  readonly #attempts: AttemptRecord[] = [];
  #firstTokenMs: number | undefined;
  #ignored: readonly string[] = [];
  #last: Attempt['answer'];
  #told = false;

  constructor(call: IngressCall, clock: Clock) {
    this.#call = call;
    this.#clock = clock;
    this.startedMs = clock.monotonic();
  }

  /** True from the commit point on. */
  get committed(): boolean {
    return this.#firstTokenMs !== undefined;
  }

  /** How many attempts were made, replays included. */
  get attempts(): number {
    return this.#attempts.length;
  }

  /** The client's answer begins. @param ignored - parameters that it does not honour. */
  noteCommit(ignored: readonly string[]): void {
    this.#firstTokenMs = this.#clock.monotonic() - this.startedMs;
    this.#ignored = ignored;
  }

  noteAttempt(
    candidate: Candidate,
    choice: AccountChoice,
    sentMs: number,
    attempt: Attempt,
    end: AttemptEnd,
  ): void {
    this.#last = attempt.answer;
    const failed = 'error' in end;
    this.#attempts.push({
      instanceId: candidate.instanceId,
      account: choice.handle.account.id,
      accountLabel: choice.handle.account.label,
      model: candidate.upstreamModel,
      startedMs: sentMs - this.startedMs,
      durationMs: this.#clock.monotonic() - sentMs,
      ...(attempt.status === undefined ? {} : { status: attempt.status }),
      outcome: failed ? 'failed' : end.outcome,
      ...(failed
        ? {
            failure: end.failure.kind,
            scope: end.failure.scope,
            code: end.error.code,
            reason: reasonOf(end.failure.message ?? end.error.message),
          }
        : {}),
      ...(attempt.upstreamRequestId === undefined
        ? {}
        : { upstreamRequestId: attempt.upstreamRequestId }),
    });
  }

  /** Tells it, the first time only. */
  tell(sink: EventSink, outcome: Outcome, error?: GatewayError): void {
    if (this.#told) return;
    this.#told = true;
    const { requestId, request, client } = this.#call;
    const { dialect, operation, model, stream } = request.facts;
    const { usage, finish, passthrough } = this.#last ?? {};
    const answered = this.#firstTokenMs !== undefined;
    this.#emit(sink, {
      type: 'request-finished',
      requestId,
      dialect,
      operation,
      model,
      stream,
      ...(client === undefined ? {} : { client }),
      outcome,
      status: answered ? 200 : errorRow(error?.code ?? 'CLIENT_CLOSED').status,
      ...(error === undefined ? {} : { code: error.code }),
      ...(passthrough === undefined || !answered ? {} : { passthrough }),
      attempts: this.#attempts,
      durationMs: this.#clock.monotonic() - this.startedMs,
      ...(this.#firstTokenMs === undefined ? {} : { firstTokenMs: this.#firstTokenMs }),
      ...(usage === undefined ? {} : { usage }),
      ...(finish === undefined ? {} : { finish }),
      ...(this.#ignored.length === 0 ? {} : { ignored: this.#ignored }),
    });
  }

  /** A listener that throws must not cost a client its answer. */
  #emit(sink: EventSink, event: RequestFinished): void {
    try {
      sink.emit(event);
    } catch {
      // The port forbids it, and there is nobody else to tell.
    }
  }
}

function reasonOf(sentence: string): string {
  return sentence.slice(0, MAX_REASON_CHARS).replace(/[\x00-\x1f\x7f]+/g, ' ');
}
