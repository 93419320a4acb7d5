import { errorRow } from '@cliproxy/plugin-api';
import type { GatewayError } from '@cliproxy/plugin-api';
import type { Clock } from '../ports/clock.ts';
import type { AttemptRecord, EventSink, RequestFinished } from '../ports/event-sink.ts';
import type { AccountChoice, Candidate } from '../routing/plan.ts';
import type { AttemptEnd } from './attempt-input.ts';
import type { Attempt } from './attempt.ts';
import { ignoredNames } from './ignored-names.ts';
import type { IngressCall } from './ingress-call.ts';

const MAX_REASON_CHARS = 300;

type Outcome = RequestFinished['outcome'];
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What happened to one client's request; told exactly once, when it is over. */
export class RequestRecord {
  /** When the request began, in monotonic milliseconds. */
  readonly startedMs: number;
  readonly #call: IngressCall;
  readonly #clock: Clock;
  readonly #attempts: AttemptRecord[] = [];
  #firstTokenMs: number | undefined;
  #ignored: readonly string[] = [];
  #estimated: string | undefined;
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
    this.#ignored = ignoredNames(ignored);
  }

  /** The gateway answers by itself. @param what - of its answer is an estimate. */
  noteEstimate(what: string): void {
    this.noteCommit([]);
    this.#estimated = what;
    this.#last = undefined;
  }

  noteAttempt(
    candidate: Candidate,
    choice: AccountChoice,
    sentMs: number,
    attempt: Attempt,
    end: AttemptEnd,
    without?: AttemptRecord['without'],
  ): void {
    this.#last = attempt.answer;
    // Filled in place, no spreading: this is the hot path.
    const told: Mutable<AttemptRecord> = {
      instanceId: candidate.instanceId,
      account: choice.handle.account.id,
      accountLabel: choice.handle.account.label,
      model: candidate.upstreamModel,
      startedMs: sentMs - this.startedMs,
      durationMs: this.#clock.monotonic() - sentMs,
      outcome: 'error' in end ? 'failed' : end.outcome,
    };
    if (without !== undefined) told.without = without;
    if (attempt.status !== undefined) told.status = attempt.status;
    if (attempt.upstreamRequestId !== undefined) told.upstreamRequestId = attempt.upstreamRequestId;
    if ('error' in end) {
      told.failure = end.failure.kind;
      told.code = end.error.code;
      told.reason = reasonOf(end.failure.message ?? end.error.message);
    }
    this.#attempts.push(told);
  }

  /** Tells it, the first time only. @returns what was told. */
  tell(sink: EventSink, outcome: Outcome, error?: GatewayError): RequestFinished | undefined {
    if (this.#told) return undefined;
    this.#told = true;
    const { requestId, request, client } = this.#call;
    const { dialect, operation, model, stream } = request.facts;
    const firstTokenMs = this.#firstTokenMs;
    const event: Mutable<RequestFinished> = {
      type: 'request-finished',
      requestId,
      dialect,
      operation,
      model,
      stream,
      outcome,
      status: firstTokenMs === undefined ? errorRow(error?.code ?? 'CLIENT_CLOSED').status : 200,
      attempts: this.#attempts,
      durationMs: this.#clock.monotonic() - this.startedMs,
    };
    if (client !== undefined) event.client = client;
    if (error !== undefined) event.code = error.code;
    if (firstTokenMs !== undefined) event.firstTokenMs = firstTokenMs;
    if (this.#ignored.length > 0) event.ignored = this.#ignored;
    if (this.#estimated !== undefined) event.estimated = this.#estimated;
    if (this.#last !== undefined) {
      const { usage, finish, passthrough } = this.#last;
      if (firstTokenMs !== undefined) event.passthrough = passthrough;
      if (usage !== undefined) event.usage = usage;
      if (finish !== undefined) event.finish = finish;
    }
    this.#emit(sink, event);
    return event;
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
