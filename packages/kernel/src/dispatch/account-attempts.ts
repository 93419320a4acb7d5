import type { AccountBook } from '../accounts/account-book.ts';
import type { AccountHandle } from '../accounts/account-handle.ts';
import type { PluginInstance } from '../plugins/plugin-instance.ts';
import type { Clock } from '../ports/clock.ts';
import type { Dialects } from '../ports/dialects.ts';
import type { AttemptRecord } from '../ports/event-sink.ts';
import type { AccountChoice, Candidate } from '../routing/plan.ts';
import type { AttemptEnd } from './attempt-input.ts';
import { Attempt } from './attempt.ts';
import { isUnknownOperation, outcomeOf } from './course.ts';
import type { Course } from './course.ts';
import type { IngressCall } from './ingress-call.ts';
import type { KeptAnswers } from './kept-answers.ts';
import { prepareFor, prepareWithoutReasoning } from './prepare-for.ts';
import type { PreparedCall } from './prepared-call.ts';
import { unrenewed } from './unrenewed.ts';

/** What {@link AccountAttempts} works with. */
export interface AttemptOptions {
  readonly clock: Clock;
  readonly dialects: Pick<Dialects, 'classify' | 'quotas'>;
  readonly book: Pick<AccountBook, 'record' | 'setQuotas'>;
  /** Nothing was sent to a client for so long: a heartbeat is. Default 15 s. */
  readonly heartbeatMs?: number;
}

/** One account that is to be tried for a request. */
export interface AccountTry {
  readonly candidate: Candidate;
  readonly choice: AccountChoice;
  readonly prepared: PreparedCall;
  readonly course: Course;
  readonly call: IngressCall;
}

const HEARTBEAT_MS = 15_000;

/** Brings requests to one account, and tells the book what came of it. */
export class AccountAttempts {
  readonly #options: AttemptOptions;
  readonly #kept: KeptAnswers;

  constructor(options: AttemptOptions, kept: KeptAnswers) {
    this.#options = options;
    this.#kept = kept;
  }

  /**
   * One account's attempt; a second one where a renewed credential, or leaving out reasoning that
   * the upstream refuses, may mend the first.
   */
  async run({ candidate, choice, prepared, course, call }: AccountTry): Promise<AttemptEnd> {
    const { book } = this.#options;
    const { handle } = choice;
    const { generation } = handle;
    let end: AttemptEnd = { outcome: 'client-left' };
    let told = false;
    try {
      end = await this.#attempt(candidate, choice, prepared, course);
      if (end.outcome === 'failed' && end.failure.kind === 'auth') {
        const renewed = await this.#renewed(handle, generation, course);
        const again = renewed ? prepareFor(candidate, course, call) : undefined;
        if (again !== undefined) end = await this.#attempt(candidate, choice, again, course);
        // Whether the renewal would have mended it was not waited for.
        else if (course.flight.left) end = { outcome: 'client-left' };
        else if (!renewed) end = unrenewed(end, handle, candidate.instanceId);
      }
      if (end.outcome === 'failed' && end.failure.refusesReasoning === true) {
        const again = prepareWithoutReasoning(candidate, course, call);
        if (again !== undefined) {
          end = await this.#attempt(candidate, choice, again, course, 'reasoning');
        }
      }
      if ('error' in end && !isUnknownOperation(course, end.failure)) {
        book.record(candidate, choice, outcomeOf(end, course.flight.call.requestId));
        told = true;
      }
    } finally {
      if (!told && !course.flight.record.committed) {
        book.record(candidate, choice, { type: 'abandoned' });
      }
    }
    return end;
  }

  async #attempt(
    candidate: Candidate,
    choice: AccountChoice,
    prepared: PreparedCall,
    { flight, settings }: Course,
    without?: AttemptRecord['without'],
  ): Promise<AttemptEnd> {
    const { clock, dialects, book, heartbeatMs = HEARTBEAT_MS } = this.#options;
    const instance = candidate.instance as PluginInstance;
    const { record } = flight;
    const { commitAfterMs } = settings.failover;
    const sentMs = clock.monotonic();
    const attempt = new Attempt({
      call: flight.call,
      candidate,
      instance,
      choice,
      prepared,
      number: record.attempts + 1,
      settings,
      clock,
      dialects,
      stage: flight.hooks && (() => flight.hooks?.stage()),
      commitAtMs: commitAfterMs > 0 ? record.startedMs + commitAfterMs : undefined,
      heartbeatMs,
      onCommit: () => {
        record.noteCommit(prepared.exchange.ignored);
        noteKept();
        book.record(candidate, choice, { type: 'answered' });
      },
    });
    const noteKept = (): void => {
      const id = attempt.answer?.keptAs;
      if (id === undefined) return;
      this.#kept.note(id, {
        instanceId: candidate.instanceId,
        account: choice.handle.account.id,
      });
    };
    instance.enter();
    try {
      const end = await flight.fly(attempt);
      record.noteAttempt(candidate, choice, sentMs, attempt, end, without);
      if (end.outcome === 'answered') noteKept();
      if (attempt.quotas !== undefined) book.setQuotas(choice.handle, attempt.quotas);
      return end;
    } finally {
      instance.leave();
    }
  }

  /** Renews a credential that was refused; the client's leaving and the first-byte time-out end the wait. */
  async #renewed(handle: AccountHandle, generation: number, course: Course): Promise<boolean> {
    if (handle.authMethod === undefined || course.flight.over) return false;
    try {
      const { firstByteMs } = course.settings.timeouts;
      return (await course.flight.within(handle.refresh(generation), firstByteMs)) === true;
    } catch {
      return false;
    }
  }
}
