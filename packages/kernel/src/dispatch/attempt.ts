import type { GatewayError, Quota, WireReply } from '@cliproxy/plugin-api';
import type { AnswerPipe, ToldFailure } from '../ports/dialects.ts';
import { answerHead } from './answer-head.ts';
import { AnswerRelay } from './answer-relay.ts';
import type { PiecePipe } from './answer-relay.ts';
import { AttemptClock } from './attempt-clock.ts';
import type { AttemptClockOwner, AttemptPhase } from './attempt-clock.ts';
import { named, oddAnswer, timeoutError } from './attempt-faults.ts';
import type { AttemptEnd, AttemptInput } from './attempt-input.ts';
import { CommitGate } from './commit-gate.ts';
import { readErrorBody } from './error-body.ts';
import type { ErrorBodyReading } from './error-body.ts';
import {
  errorOfFailure,
  errorOfThrown,
  failureOf,
  isFailure,
  pluginFault,
  withoutSecrets,
} from './failure-of.ts';
import { eventCall, wireCall } from './outgoing-call.ts';
import type { WirePrepared } from './outgoing-call.ts';
import type { PreparedCall } from './prepared-call.ts';
import { relayBody } from './relay-body.ts';
import { isEvent, isIterable, relayEvents } from './relay-events.ts';
import { relayReply } from './relay-reply.ts';
import { checkedReply, discardReply, upstreamRequestId } from './wire-reply.ts';

type EventsPrepared = Extract<PreparedCall, { kind: 'events' }>;
type ReplyPrepared = Extract<PreparedCall, { kind: 'reply' }>;

const nothing = Buffer.alloc(0);
/** An error's text is not waited for longer than this. */
const ERROR_BODY_MS = 5_000;
/** A plugin that has not let go this long after the abort obeys no signal. */
const RELEASE_MS = 5_000;

/** One request to one account of one target, from sending it to the last byte of its answer. */
export class Attempt implements AttemptClockOwner {
  /** HTTP status of the upstream, where one came. */
  status: number | undefined;
  upstreamRequestId: string | undefined;
  /** What the upstream told of the account's limits; read only when somebody asks. */
  quotas: (() => readonly Quota[]) | undefined;
  readonly #input: AttemptInput;
  readonly #clock: AttemptClock;
  readonly #controller = new AbortController();
  #pipe: Omit<AnswerPipe, 'push'> | undefined;
  #gate: CommitGate | undefined;
  #relay: Pick<AnswerRelay<never>, 'halt' | 'stop'> | undefined;
  #errorBody: ErrorBodyReading | undefined;
  #commitDue = false;
  /** The plugin is still at work for it. */
  #held = false;
  #over = false;
  #resolve: (end: AttemptEnd) => void = () => undefined;

  constructor(input: AttemptInput) {
    this.#input = input;
    const { totalMs, firstByteMs, idleMs } = input.settings.timeouts;
    const soonestMs = Math.min(firstByteMs, idleMs, input.heartbeatMs);
    this.#clock = new AttemptClock(input.clock, totalMs, soonestMs, this);
  }

  /** The answer as far as it has come: its usage and finish. */
  get answer(): Pick<AnswerPipe, 'usage' | 'finish' | 'passthrough' | 'keptAs'> | undefined {
    return this.#pipe;
  }

  /** Sends the request. Never rejects; ends at once on {@link Attempt.leave} and {@link Attempt.stop}. */
  run(): Promise<AttemptEnd> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      const { prepared, settings, commitAtMs } = this.#input;
      this.#clock.enter('first-byte', settings.timeouts.firstByteMs);
      if (commitAtMs !== undefined) this.#clock.commitAt(commitAtMs);
      try {
        if (prepared.kind === 'wire') this.#send(prepared);
        else if (prepared.kind === 'events') this.#pull(prepared);
        else this.#ask(prepared);
      } catch (thrown) {
        this.#failThrown(thrown);
      }
    });
  }

  /** The client has left: the upstream is told at once. */
  leave(): void {
    this.#gate?.shut();
    this.#settle({ outcome: 'client-left' });
  }

  /** Ends it from outside, with an error for the client. */
  stop(error: GatewayError): void {
    this.#fail(error);
  }

  onTimeout(what: AttemptPhase | 'total', afterMs: number): void {
    if (what === 'error-body') this.#errorBody?.finish();
    else this.#fail(timeoutError(this.#input.candidate.instanceId, what, afterMs));
  }

  onCommitDue(): void {
    this.#commitDue = true;
    try {
      if (this.#gate?.commit() === false) this.#relay?.halt();
    } catch (thrown) {
      this.#failThrown(thrown);
    }
  }

  onQuiet(): void {
    try {
      const beat = this.#pipe?.heartbeat() ?? nothing;
      if (beat.length > 0 && this.#gate?.pass([beat], false) === false) this.#relay?.halt();
    } catch (thrown) {
      this.#failThrown(thrown);
    }
  }

  #send(prepared: WirePrepared): void {
    const sent: unknown = prepared.executor.send(
      wireCall(this.#input, prepared, this.#controller.signal),
    );
    this.#held = true;
    Promise.resolve(sent).then(
      (reply) => {
        this.#held = false;
        if (this.#over) {
          discardReply(reply);
          return;
        }
        try {
          this.#reply(reply, prepared);
        } catch (thrown) {
          this.#failThrown(thrown);
        }
      },
      (thrown: unknown) => {
        this.#held = false;
        this.#failThrown(thrown);
      },
    );
  }

  #reply(value: unknown, prepared: WirePrepared): void {
    const { instanceId } = this.#input.candidate;
    const reply = checkedReply(value);
    if (typeof reply === 'string') {
      this.#fail(pluginFault(instanceId, reply));
      return;
    }
    this.status = reply.status;
    this.#noteQuotas(reply, prepared);
    this.upstreamRequestId = upstreamRequestId(reply.headers);
    if (reply.status < 200 || reply.status > 299 || isFailure(reply.failure)) {
      this.#clock.enter('error-body', ERROR_BODY_MS);
      this.#errorBody = readErrorBody(reply.body, (text) => {
        this.#refused(reply, text, prepared);
      });
      return;
    }
    try {
      const { status, headers } = reply;
      const pipe = prepared.exchange.answer({ status, headers }, this.#input.stage?.());
      const relay = this.#open(pipe, prepared.exchange.ignored);
      relay.from(relayBody(reply.body, relay, (what) => pluginFault(instanceId, what)));
    } catch (thrown) {
      reply.body.destroy();
      this.#failThrown(thrown);
    }
  }

  /** What the plugin tells counts before what the dialect's headers do. */
  #noteQuotas({ quotas, headers }: WireReply, { dialect }: WirePrepared, body?: Buffer): void {
    const { dialects, clock } = this.#input;
    const own: readonly Quota[] | undefined = Array.isArray(quotas) ? quotas : undefined;
    if (own !== undefined) this.quotas = () => own;
    else {
      const answer = body === undefined ? { headers } : { headers, body };
      this.quotas = dialects.quotas(dialect, answer, clock.now());
    }
  }

  /** The upstream answered with an error: its dialect says what it means. */
  #refused(reply: WireReply, text: Buffer, prepared: WirePrepared): void {
    const { dialects, clock, candidate } = this.#input;
    const { status, headers } = reply;
    const { dialect } = prepared;
    try {
      this.#noteQuotas(reply, prepared, text);
      const told = isFailure(reply.failure) ? reply.failure : undefined;
      const failure: ToldFailure =
        status >= 200 && status <= 299 && told !== undefined
          ? told
          : {
              ...dialects.classify(dialect, { status, headers, body: text }, clock.now()),
              ...told,
            };
      this.#fail(errorOfFailure(failure, candidate.instanceId));
    } catch (thrown) {
      this.#failThrown(thrown);
    }
  }

  #pull({ executor, exchange }: EventsPrepared): void {
    const { instanceId } = this.#input.candidate;
    const events: unknown = executor.run(
      exchange.request,
      eventCall(this.#input, this.#controller.signal),
    );
    if (!isIterable(events)) {
      this.#fail(pluginFault(instanceId, 'gave something for its events that is not iterable'));
      return;
    }
    const relay = this.#open(exchange.answer(this.#input.stage?.()), exchange.ignored);
    const take = (event: unknown): void => {
      if (isEvent(event)) relay.take(event);
      else relay.fail(pluginFault(instanceId, 'gave an event of no known type'));
    };
    this.#held = true;
    const target = { take, end: () => relay.end(), fail: (e: unknown) => relay.fail(e) };
    relay.from(relayEvents(events, target, this.#letGo));
  }

  /** The executor answers whole. */
  #ask({ executor, exchange }: ReplyPrepared): void {
    const context = eventCall(this.#input, this.#controller.signal);
    const reply: unknown =
      exchange.operation === 'embed'
        ? executor.embed?.(exchange.request, context)
        : executor.countTokens?.(exchange.request, context);
    const relay = this.#open(exchange.answer(), exchange.ignored);
    this.#held = true;
    const coming = Promise.resolve(reply);
    coming.then(this.#letGo, this.#letGo);
    relay.from(relayReply(coming, relay));
  }

  #open<T>(pipe: PiecePipe<T>, ignored: readonly string[]): AnswerRelay<T> {
    const { call, candidate, settings, heartbeatMs, onCommit, prepared } = this.#input;
    const { failover, timeouts } = settings;
    const gate = new CommitGate(
      call.sink,
      answerHead(pipe.contentType, this.upstreamRequestId, ignored),
      pipe.streaming,
      pipe.streaming ? failover.holdStreamBytes : failover.holdBodyBytes,
      () => {
        this.#clock.watchQuiet(pipe.streaming ? heartbeatMs : Number.POSITIVE_INFINITY);
        onCommit();
      },
    );
    const relay = new AnswerRelay<T>({
      pipe,
      gate,
      clock: this.#clock,
      sink: call.sink,
      idleMs: timeouts.idleMs,
      oddity: (cause) => oddAnswer(prepared.kind, candidate.instanceId, cause),
      onDone: () => {
        this.#settle({ outcome: 'answered' });
      },
      onFail: (thrown) => {
        this.#failThrown(thrown);
      },
    });
    this.#pipe = pipe;
    this.#gate = gate;
    this.#relay = relay;
    if (this.#commitDue && !gate.commit()) relay.halt();
    return relay;
  }

  #failThrown(thrown: unknown): void {
    if (!this.#over) this.#fail(errorOfThrown(thrown, this.#input.candidate.instanceId));
  }

  #fail(told: GatewayError): void {
    if (this.#over) return;
    const { candidate, choice } = this.#input;
    const masked = (text: string): string => choice.handle.masked(text);
    const error = withoutSecrets(named(told, candidate.instanceId), masked);
    const failure = failureOf(error);
    if (this.#gate?.committed !== true) {
      this.#gate?.shut();
      this.#settle({ outcome: 'failed', error, failure });
      return;
    }
    try {
      this.#gate.breakOff(this.#pipe?.streaming === true ? this.#pipe.failure(error) : nothing);
    } catch {
      this.#gate.breakOff(nothing);
    }
    this.#settle({ outcome: 'broken', error, failure });
  }

  readonly #letGo = (): void => {
    this.#held = false;
  };

  /** What is left behind costs memory and connections, though the client has long been answered. */
  #watchRelease(): void {
    if (!this.#held) return;
    const { onFault } = this.#input.instance;
    const timer = setTimeout(() => {
      if (!this.#held) return;
      const seconds = RELEASE_MS / 1_000;
      onFault('abort', `has not let go of a request ${seconds} s after its signal was aborted`);
    }, RELEASE_MS);
    timer.unref();
  }

  #settle(end: AttemptEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#clock.stop();
    if (end.outcome !== 'answered') {
      this.#relay?.stop();
      this.#errorBody?.stop();
      this.#controller.abort();
      this.#watchRelease();
    }
    this.#resolve(end);
  }
}
