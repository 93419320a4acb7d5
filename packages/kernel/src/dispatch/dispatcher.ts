import { isGatewayError } from '@cliproxy/plugin-api';
import type { AccountBook } from '../accounts/account-book.ts';
import type { Places } from '../accounts/places.ts';
import type { HookRun } from '../hooks/hook-run.ts';
import type { EventSink, RequestFinished } from '../ports/event-sink.ts';
import type { AccountChoice, Candidate, Plan, RouteQuery } from '../routing/plan.ts';
import { AccountAttempts } from './account-attempts.ts';
import type { AttemptOptions } from './account-attempts.ts';
import { asGatewayError, isUnknownOperation, stopping, targetKey } from './course.ts';
import type { Course } from './course.ts';
import type { AttemptEnd } from './attempt-input.ts';
import { giveEstimate, noneCan } from './estimated-answer.ts';
import { Flight } from './flight.ts';
import { Flights } from './flights.ts';
import type { IngressCall } from './ingress-call.ts';
import { KeptAnswers, onlyAt } from './kept-answers.ts';
import type { AnswerHome } from './kept-answers.ts';
import { noAnswer, withRetryTime } from './no-answer.ts';
import { prepareFor } from './prepare-for.ts';
import type { DispatchSettings } from './prepared-call.ts';
import { RetryBudget } from './retry-budget.ts';
import { anyUsable, busyIn, WaitingLine } from './waiting-line.ts';

/** What a {@link Dispatcher} works with. */
export interface DispatcherOptions extends AttemptOptions {
  readonly sink: EventSink;
  readonly book: AttemptOptions['book'] & Pick<AccountBook, 'tryBegin' | 'soonestResetMs'>;
  readonly places: Pick<Places, 'take' | 'limited' | 'onFree'>;
  /** Decides, changes nothing. */
  plan(query: RouteQuery): Plan;
  /** The settings in force; read once per request. */
  settings(): DispatchSettings;
  /** The hooks that see a request; undefined: none does. Absent: there are none. */
  hooks?(flight: Flight): HookRun | undefined;
}

/** Nothing: go on with the next account. */
type Verdict = RequestFinished['outcome'] | undefined;

/** Brings client requests to accounts, one after another, until one answers. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #budget: RetryBudget;
  readonly #kept = new KeptAnswers();
  readonly #attempts: AccountAttempts;
  readonly #flights = new Flights();
  readonly #line = new WaitingLine();
  #stopping = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#budget = new RetryBudget(options.clock);
    this.#attempts = new AccountAttempts(options, this.#kept);
    options.places.onFree(this.#line.call);
  }

  /** See `Kernel.handle`. */
  async handle(call: IngressCall): Promise<void> {
    const { clock, sink } = this.#options;
    const flight = new Flight(call, clock);
    this.#flights.add(flight);
    try {
      call.sink.onClosed(flight.leave);
      if (this.#stopping) throw stopping();
      this.#budget.noteRequest();
      flight.hooks = this.#options.hooks?.(flight);
      const outcome = await this.#serve(flight);
      const told = flight.record.tell(sink, outcome, flight.error);
      flight.hooks?.end(told);
    } catch (thrown) {
      const error = withRetryTime(flight.stopped ?? asGatewayError(thrown), clock.now());
      const told = flight.record.tell(sink, 'failed', error);
      flight.hooks?.end(told);
      throw error;
    } finally {
      this.#flights.remove(flight);
    }
  }

  /** Refuses new requests and ends those under way; each client is told. */
  stop(): void {
    this.#stopping = true;
    for (const flight of this.#flights.all()) flight.stop(stopping());
  }

  async #serve(flight: Flight): Promise<RequestFinished['outcome']> {
    const settings = this.#options.settings();
    const { hooks, call } = flight;
    if (hooks !== undefined) {
      flight.call = { ...call, request: await hooks.onRequest() };
      if (flight.left) return 'client-left';
      if (flight.stopped !== undefined) throw flight.stopped;
    }
    const { facts } = flight.call.request;
    const course: Course = {
      flight,
      settings,
      failures: [],
      skipped: new Set(),
      home: this.#homeOf(flight),
      unsupported: undefined,
      vetoes: undefined,
      ended: false,
      tried: 0,
      busy: new Set(),
      waiter: undefined,
    };
    const verdict = await this.#tryTargets(course);
    if (verdict !== undefined) return verdict;
    if (course.ended && this.#mayTry(course)) {
      const again = await this.#tryTargets(course);
      if (again !== undefined) return again;
    }
    const served = await this.#waitInLine(course);
    if (served !== undefined) return served;
    const { clock, book } = this.#options;
    const now = this.#plan(course);
    // What an upstream keeps of a conversation can't be seen from here.
    const mayEstimate = facts.state === undefined && noneCan(now, course.failures);
    const estimate = mayEstimate ? flight.call.request.estimate() : undefined;
    if (estimate !== undefined) {
      if (flight.left) return 'client-left';
      giveEstimate(flight, estimate);
      return 'answered';
    }
    const [vetoed] = course.vetoes?.values() ?? [];
    if (vetoed !== undefined && course.failures.length === 0) throw vetoed;
    throw noAnswer({
      plan: now,
      failures: course.failures,
      unsupported: course.unsupported,
      soonestResetMs: book.soonestResetMs(now),
      nowMs: clock.now(),
    });
  }

  /** Where accounts were busy: waits for a place of theirs, and tries again. */
  async #waitInLine(course: Course): Promise<Verdict> {
    if (course.busy.size === 0) return undefined;
    const { clock } = this.#options;
    const { flight, settings, skipped } = course;
    const { queueSize, queueMs } = settings.failover;
    const untilMs = clock.monotonic() + queueMs;
    try {
      while (course.busy.size > 0 && this.#mayTry(course)) {
        const now = this.#plan(course);
        if (!anyUsable(now, course.busy)) {
          const busy = busyIn(now, skipped);
          const leftMs = untilMs - clock.monotonic();
          if (busy.size === 0 || leftMs <= 0) return undefined;
          course.waiter ??= this.#line.enter(queueSize);
          if (course.waiter === undefined) return undefined;
          const called = await flight.within(this.#line.next(course.waiter, busy), leftMs);
          if (flight.left) return 'client-left';
          if (called === undefined) return undefined;
        }
        const verdict = await this.#tryTargets(course);
        if (verdict !== undefined) return verdict;
      }
      return undefined;
    } finally {
      this.#leaveLine(course, false);
    }
  }

  #leaveLine(course: Course, served: boolean): void {
    if (course.waiter === undefined) return;
    this.#line.leave(course.waiter, served);
    course.waiter = undefined;
  }

  /** @throws GatewayError where nobody knows who keeps what the request goes on from. */
  #homeOf({ call }: Flight): AnswerHome | undefined {
    const { facts } = call.request;
    if (facts.state === undefined) return undefined;
    const home = this.#kept.find(facts.state.id);
    // A model that nobody knows is told as that.
    if (home === undefined && this.#options.plan(facts).via !== undefined) throw facts.state.lost();
    return home;
  }

  /** @throws GatewayError where who keeps what the request goes on from is there no more. */
  #plan({ flight, home }: Pick<Course, 'flight' | 'home'>): Plan {
    const { facts } = flight.call.request;
    const plan = this.#options.plan(facts);
    if (home === undefined) return plan;
    const only = onlyAt(home, plan);
    if (only.candidates.length === 0 && facts.state !== undefined) throw facts.state.lost();
    return only;
  }

  /** Tries the targets as they stand now, one after another. */
  async #tryTargets(course: Course): Promise<Verdict> {
    const plan = this.#plan(course);
    if (this.#options.places.limited) course.busy = busyIn(plan, course.skipped);
    for (const candidate of plan.candidates) {
      if (!candidate.usable || course.skipped.has(candidate.instanceId)) continue;
      if (course.vetoes?.has(targetKey(candidate)) === true) continue;
      const verdict = await this.#tryTarget(candidate, course);
      if (verdict !== undefined) return verdict;
      if (!this.#mayTry(course)) break;
    }
    return undefined;
  }

  /** Tries a target's accounts, one after another. */
  async #tryTarget(candidate: Candidate, course: Course): Promise<Verdict> {
    for (const choice of candidate.accounts) {
      if (!choice.usable) continue;
      if (course.flight.left) return 'client-left';
      if (!this.#mayTry(course)) return undefined;
      const { hooks } = course.flight;
      const call =
        hooks?.asksBeforeAttempts === true
          ? await this.#allowed(candidate, choice, course, hooks)
          : course.flight.call;
      if (call === 'client-left') return call;
      const prepared = call && prepareFor(candidate, course, call);
      if (call === undefined || prepared === undefined) return undefined;
      const { book, places } = this.#options;
      const release = places.take(choice.handle);
      if (release === undefined) {
        course.busy.add(candidate.instanceId).add(choice.handle.account.id);
        continue;
      }
      let verdict: Verdict;
      try {
        if (!book.tryBegin(candidate, choice)) continue;
        this.#leaveLine(course, true);
        if (course.tried > 0) this.#budget.noteRetry();
        course.tried += 1;
        const end = await this.#attempts.run({ candidate, choice, prepared, course, call });
        verdict = this.#judge(end, candidate, course);
      } finally {
        release();
      }
      if (verdict !== undefined) return verdict;
      if (course.skipped.has(candidate.instanceId)) return undefined;
    }
    return undefined;
  }

  /**
   * Asks the hooks, before a place is taken: one that takes its time holds none.
   *
   * @returns what is to be sent; undefined: the target is not to be tried.
   */
  async #allowed(
    candidate: Candidate,
    choice: AccountChoice,
    course: Course,
    hooks: HookRun,
  ): Promise<IngressCall | 'client-left' | undefined> {
    const verdict = await hooks.onAttempt(candidate, choice, course.flight.record.attempts + 1);
    if (course.flight.left) return 'client-left';
    if (course.flight.stopped !== undefined) throw course.flight.stopped;
    if (!isGatewayError(verdict)) return verdict;
    course.vetoes ??= new Map();
    course.vetoes.set(targetKey(candidate), verdict);
    return undefined;
  }

  #judge(end: AttemptEnd, candidate: Candidate, course: Course): Verdict {
    const { flight, failures, skipped } = course;
    if (!('error' in end)) return end.outcome;
    const { error, failure } = end;
    if (end.outcome === 'broken') {
      flight.error = error;
      return 'broken';
    }
    if (flight.left) return 'client-left';
    if (flight.stopped !== undefined || failure.scope === 'request') throw error;
    failures.push({ instanceId: candidate.instanceId, error, failure });
    // Another account would be waited for just as long, by a client that has waited already.
    const slow = failure.kind === 'timeout';
    if (slow || failure.scope === 'instance' || isUnknownOperation(course, failure)) {
      skipped.add(candidate.instanceId);
    }
    return undefined;
  }

  #mayTry({ tried, settings }: Course): boolean {
    if (tried === 0) return true;
    return tried < settings.failover.maxAttempts && this.#budget.allows(settings.failover);
  }
}
