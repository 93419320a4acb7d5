import type { Failure, Quota } from '@cliproxy/plugin-api';
import type { PluginInstance } from '../plugins/plugin-instance.ts';
import type { FaultBook } from '../faults/fault-book.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventSink } from '../ports/event-sink.ts';
import type { FailoverSettings } from '../ports/settings.ts';
import type { AccountChoice, Candidate, Plan } from '../routing/plan.ts';
import type { AccountHandle } from './account-handle.ts';
import type { AccountIncident, AccountState, Availability } from './account-state.ts';
import type { AccountStanding } from './account-standing.ts';
import { describeState, mergeStates, quotasAt, USABLE, withCircuit } from './account-standing.ts';
import { levelOf, nextAccountState } from './account-state.ts';
import { AccountTable, isVendorLimit } from './account-table.ts';
import type { Level, Place } from './account-table.ts';
import type { KeptStanding } from './kept-standings.ts';
import { PresentAccounts } from './present-accounts.ts';

/** What an attempt came to, as far as its account is concerned. */
export type AttemptOutcome =
  /** The upstream answers: told at the commit point, so that a long answer holds no trial slot. */
  | { readonly type: 'answered' }
  | { readonly type: 'failed'; readonly failure: Failure }
  /** The plugin's own code is to blame: nothing was learnt of the account. */
  | { readonly type: 'faulted'; readonly error: unknown; readonly requestId: string }
  /** The client left, or the attempt was never sent: nothing was learnt. */
  | { readonly type: 'abandoned' };

/** What a probe found about an account. */
export type ProbeFinding =
  { readonly status: 'up' | 'unknown' } | { readonly status: 'down'; readonly detail: string };

/** What an {@link AccountBook} needs. */
export interface AccountBookOptions {
  readonly clock: Clock;
  readonly sink: EventSink;
  /** Puts whole instances out because of their own faults; absent: nobody does. */
  readonly faults?: Pick<FaultBook, 'circuit' | 'beginTrial' | 'attemptEnded'>;
  /** Read for every decision, so that a reload takes effect at once. */
  readonly policy: () => FailoverSettings;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
}

const LEVELS: readonly Level[] = ['instance', 'account', 'model'];

/** Knows which accounts can be used. Learns from every attempt; decides who may try one that was out. */
export class AccountBook {
  readonly #options: AccountBookOptions;
  readonly #table = new AccountTable();
  /** Requests that are the trial of an instance that was put out because of its own faults. */
  readonly #faultTrials = new WeakSet<AccountChoice>();
  /** Which trial slots a request holds. */
  readonly #trials = new WeakMap<AccountChoice, readonly Level[]>();
  /** What the beginning of an answer has cleared. */
  readonly #cleared = new WeakMap<AccountChoice, ReadonlyMap<Level, AccountState>>();
  readonly #present = new PresentAccounts();
  #onChange: () => void = () => undefined;

  constructor(options: AccountBookOptions) {
    this.#options = options;
  }

  /** Calls back whenever what is kept of accounts may have changed. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  /** What stands against instances and accounts that are there, to be kept. */
  keptStandings(): readonly KeptStanding[] {
    return this.#table.kept((accountId) => this.#present.knows(accountId));
  }

  /** Takes up what was kept, before the first accounts are there. */
  restore(standings: readonly KeptStanding[]): void {
    this.#table.restore(standings);
  }

  /**
   * Whether an account can be used for a model now.
   *
   * @param model - the model's name at the upstream.
   */
  availability(instanceId: string, accountId: string, model: string): Availability {
    const own = this.#availability(instanceId, accountId, model);
    const circuit = this.#options.faults?.circuit(instanceId);
    return circuit === undefined ? own : withCircuit(own, circuit);
  }

  #availability(instanceId: string, accountId: string, model: string): Availability {
    const entry = this.#table.use(accountId);
    const instance = this.#table.ofInstance(instanceId);
    if (entry === undefined) return instance === undefined ? USABLE : this.#merge([instance]);
    return this.#merge([instance, entry.state, entry.models?.get(model)], entry.downProbes);
  }

  /**
   * Called right before an attempt.
   *
   * @returns false when the account has gone out since the plan was made, or another request has
   *   its trial: go on to the next. True: {@link AccountBook.record} must follow.
   */
  tryBegin(candidate: Candidate, choice: AccountChoice): boolean {
    const place = placeOf(candidate, choice);
    const { instanceId, handle, model } = place;
    const { usable, trial } = this.availability(instanceId, handle.account.id, model);
    if (!usable) return false;
    if (!trial) return true;
    const { faults } = this.#options;
    if (faults?.circuit(instanceId) !== undefined) {
      faults.beginTrial(instanceId);
      this.#faultTrials.add(choice);
    }
    const held = LEVELS.filter((level) => this.#table.read(place, level) !== undefined);
    this.#trials.set(choice, held);
    for (const level of held) this.#step(place, level, { type: 'trial-begun' });
    return true;
  }

  /** Takes what an attempt came to. May be called again when an answer breaks after its beginning. */
  record(candidate: Candidate, choice: AccountChoice, outcome: AttemptOutcome): void {
    const place = placeOf(candidate, choice);
    const held = this.#trials.get(choice) ?? [];
    this.#trials.delete(choice);
    this.#noteFaults(place.instanceId, choice, outcome);
    const heard = this.#present.has(choice.handle) ? outcome : this.#heard(choice.handle, outcome);
    if (heard === undefined) return;
    const former = this.#cleared.get(choice);
    if (outcome.type === 'answered' && held.length > 0) {
      const states = held.map((level) => [level, this.#table.read(place, level)] as const);
      this.#cleared.set(choice, new Map(states.filter(isKnown)));
    }
    for (const level of LEVELS) {
      const incident = this.#incident(place, level, held.includes(level), heard, former);
      if (incident !== undefined) this.#step(place, level, incident);
    }
  }

  /**
   * Told after every change of instances and accounts. Forgets what stands against those that are
   * gone. Where an instance was set up anew, its accounts begin anew as well, but for what their
   * vendor has limited: what was in the way may be what the new configuration mends.
   */
  retain(instances: readonly PluginInstance[]): void {
    const { gone, ended, renewed } = this.#present.replace(instances);
    for (const accountId of gone) this.#table.forget(accountId);
    for (const { account } of instances.flatMap((instance) => instance.accounts())) {
      const entry = this.#table.peek(account.id);
      if (entry !== undefined) entry.label = account.label;
    }
    const eased = new Set(
      [...ended].filter((instanceId) => this.#table.forgetInstance(instanceId)),
    );
    for (const handle of renewed) {
      if (this.#table.renew(handle.account.id) || eased.has(handle.instanceId)) this.#tell(handle);
    }
    for (const handle of instances.flatMap((instance) => instance.accounts())) {
      if (handle.needsLogin !== undefined) this.noteLogin(handle);
    }
    if (gone.length > 0 || ended.size > 0) this.#onChange();
  }

  /** Takes whether an account's login has ended, as its handle knows it. */
  noteLogin(handle: AccountHandle): void {
    if (!this.#present.has(handle)) return;
    const { instanceId, needsLogin } = handle;
    const place = { instanceId, handle, model: '', siblings: [handle] };
    const refused = this.#table.read(place, 'account')?.kind === 'auth';
    if (needsLogin === undefined) {
      if (refused) this.#step(place, 'account', { type: 'answered', trial: true });
      return;
    }
    if (refused) return;
    const failure = { kind: 'auth', scope: 'account', message: needsLogin } as const;
    const incident = { type: 'failed', trial: false, failure, apiKey: false, random: 0 } as const;
    this.#step(place, 'account', incident);
  }

  /**
   * Keeps what the vendor told about an account's limits; they are shown, not obeyed.
   *
   * @param read - called when somebody wants to see them.
   */
  setQuotas(handle: AccountHandle, read: () => readonly Quota[]): void {
    if (this.#present.has(handle)) this.#table.entry(handle).quotas = read;
  }

  /**
   * Takes what a probe that affects readiness found: while one is down the account is out. Where
   * the network was at fault and the probe is up, the account may be tried at once.
   *
   * @param found - `unknown`: the probe is no more.
   */
  setProbe(handle: AccountHandle, probeId: string, found: ProbeFinding): void {
    if (!this.#present.has(handle)) return;
    const entry = this.#table.use(handle.account.id);
    if (found.status === 'down') {
      const probes = (this.#table.entry(handle).downProbes ??= new Map<string, string>());
      const known = probes.has(probeId);
      probes.set(probeId, found.detail);
      if (!known) this.#tell(handle);
      return;
    }
    if (found.status === 'up') {
      const place = { instanceId: handle.instanceId, handle, model: '', siblings: [handle] };
      this.#step(place, 'instance', { type: 'probe-up' });
      this.#step(place, 'account', { type: 'probe-up' });
    }
    if (entry?.downProbes?.delete(probeId) === true) this.#tell(handle);
  }

  /** Whether a probe that affects readiness is down for the account, whatever else is against it. */
  isProbeDown(accountId: string): boolean {
    return (this.#table.peek(accountId)?.downProbes?.size ?? 0) > 0;
  }

  /** Forgets what stands against one account, and against its instance; or against all. */
  reset(accountId?: string): void {
    for (const { instanceId, accountId: id, label } of this.#table.reset(accountId)) {
      this.#emit(instanceId, id, label);
    }
    this.#onChange();
  }

  /**
   * When the first account of a plan can be used again, in milliseconds since 1970; for
   * `Retry-After`. Undefined where no time is known.
   */
  soonestResetMs(plan: Plan): number | undefined {
    const nowMs = this.#options.clock.now();
    let soonest: number | undefined;
    for (const candidate of plan.candidates) {
      for (const { handle } of candidate.accounts) {
        const { instanceId, upstreamModel } = candidate;
        const found = this.availability(instanceId, handle.account.id, upstreamModel);
        const atMs = found.usable
          ? nowMs
          : found.reason === 'trial-under-way'
            ? nowMs + 1_000
            : found.untilMs;
        if (atMs !== undefined && (soonest === undefined || atMs < soonest)) soonest = atMs;
      }
    }
    return soonest;
  }

  /** How an account stands, for health and for the operator. */
  standing(instanceId: string, accountId: string): AccountStanding {
    const entry = this.#table.peek(accountId);
    const own = this.#merge([this.#table.ofInstance(instanceId), entry?.state], entry?.downProbes);
    const models = [];
    for (const [model, state] of entry?.models ?? []) {
      const { detail, untilMs } = this.#merge([state]);
      models.push({
        model,
        reason: detail ?? state.kind,
        ...(untilMs === undefined ? {} : { untilMs }),
      });
    }
    return {
      ...describeState(own),
      ...(own.kind === undefined ? {} : { kind: own.kind }),
      models,
      ...(entry?.quotas === undefined
        ? {}
        : { quotas: quotasAt(this.#options.clock.now(), entry.quotas()) }),
    };
  }

  #noteFaults(instanceId: string, choice: AccountChoice, outcome: AttemptOutcome): void {
    const { faults } = this.#options;
    if (faults === undefined) return;
    const trial = this.#faultTrials.delete(choice);
    if (outcome.type === 'faulted') {
      const { error, requestId } = outcome;
      const fault = { instanceId, where: 'request', error, requestId } as const;
      faults.attemptEnded(instanceId, choice, trial, fault);
      return;
    }
    // Whoever tells properly that its upstream has failed passes its trial, too.
    const sound = outcome.type === 'answered' || (outcome.type === 'failed' && trial);
    faults.attemptEnded(instanceId, choice, trial, sound ? 'sound' : 'abandoned');
  }

  /** What counts of an outcome that a handle of former times tells. */
  #heard({ account }: AccountHandle, outcome: AttemptOutcome): AttemptOutcome | undefined {
    if (!this.#present.knows(account.id)) return undefined;
    const lasts = outcome.type === 'failed' && isVendorLimit(outcome.failure.kind);
    return lasts ? outcome : { type: 'abandoned' };
  }

  /** What an outcome means for one of the levels; nothing where it says nothing about it. */
  #incident(
    place: Place,
    level: Level,
    trial: boolean,
    outcome: AttemptOutcome,
    cleared: ReadonlyMap<Level, AccountState> | undefined,
  ): AccountIncident | undefined {
    if (outcome.type === 'faulted') return { type: 'abandoned', trial };
    if (outcome.type !== 'failed') return { type: outcome.type, trial };
    const { failure } = outcome;
    const failed = levelOf(failure);
    if (failed === level) {
      const method = place.handle.authMethod;
      const apiKey = method === undefined || method === 'api-key';
      const former = cleared?.get(level);
      return {
        type: 'failed',
        trial,
        failure,
        apiKey,
        random: this.#options.random(),
        ...(former === undefined ? {} : { former }),
      };
    }
    if (!trial) return undefined;
    // A vendor that refuses one model in so many words has taken the account itself.
    const reached = failed === 'model' && ['not-found', 'rate-limit'].includes(failure.kind);
    return { type: reached ? 'answered' : 'abandoned', trial };
  }

  #step(place: Place, level: Level, incident: AccountIncident): void {
    const before = this.#table.read(place, level);
    const { clock, policy } = this.#options;
    const after = nextAccountState(before, incident, clock.now(), policy());
    if (after === before) return;
    this.#table.write(place, level, after);
    this.#onChange();
    if (incident.type === 'abandoned') return;
    if (level === 'model') this.#tell(place.handle, place.model);
    else if (level === 'account') this.#tell(place.handle);
    else for (const handle of place.siblings) this.#tell(handle);
  }

  #merge(
    states: readonly (AccountState | undefined)[],
    downProbes?: ReadonlyMap<string, string>,
  ): Availability {
    const { clock, policy } = this.#options;
    return mergeStates(states, downProbes, clock.now(), policy());
  }

  #tell(handle: AccountHandle, model?: string): void {
    const { id, label } = handle.account;
    this.#emit(handle.instanceId, id, label, model);
  }

  #emit(instanceId: string, account: string, accountLabel: string, model?: string): void {
    const entry = this.#table.peek(account);
    const found =
      model === undefined
        ? this.#merge([this.#table.ofInstance(instanceId), entry?.state], entry?.downProbes)
        : this.#merge([entry?.models?.peek(model)]);
    this.#options.sink.emit({
      type: 'account-changed',
      instanceId,
      account,
      accountLabel,
      ...(model === undefined ? {} : { model }),
      ...describeState(found),
    });
  }
}

function isKnown(
  entry: readonly [Level, AccountState | undefined],
): entry is readonly [Level, AccountState] {
  return entry[1] !== undefined;
}

function placeOf(candidate: Candidate, choice: AccountChoice): Place {
  const { instance, instanceId, upstreamModel: model } = candidate;
  const { handle } = choice;
  return { instanceId, handle, model, siblings: instance?.accounts() ?? [handle] };
}
