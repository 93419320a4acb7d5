import type { HealthProbe, HealthReport } from '@cliproxy/plugin-api';
import type { AccountBook } from '../accounts/account-book.ts';
import type { AccountHandle } from '../accounts/account-handle.ts';
import { runForAccount, sentenceOf } from '../accounts/account-work.ts';
import { isOwnFault } from '../faults/own-fault.ts';
import type { PluginInstance } from '../plugins/plugin-instance.ts';
import type { Clock } from '../ports/clock.ts';
import type { ModelCatalogue } from '../routing/model-catalogue.ts';
import type { AccountHealth } from './health-snapshot.ts';

/** What {@link ProbeRounds} need. */
export interface ProbeRoundsOptions {
  readonly instances: () => readonly PluginInstance[];
  readonly book: Pick<AccountBook, 'setProbe' | 'standing'>;
  /** Told of accounts that a probe has found up: what failed before may be had now. */
  readonly catalogue: Pick<ModelCatalogue, 'askAgain' | 'retryFailed'>;
  readonly clock: Clock;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
}

/** One probe of one account. */
interface Watch {
  readonly instance: PluginInstance;
  readonly handle: AccountHandle;
  readonly probe: HealthProbe;
  readonly ended: AbortController;
  /** By the monotonic clock. */
  dueMs: number;
  running: Promise<void> | undefined;
  /** Since when the plugin's own work has been going on, though we may have stopped waiting. */
  busySinceMs: number | undefined;
  found: { readonly report: HealthReport; readonly checkedAtMs: number } | undefined;
}

const TICK_MS = 1_000;
const MIN_INTERVAL_MS = 1_000;
const DEFAULT_INTERVAL_MS = 60_000;
const DEFAULT_TIMEOUT_MS = 5_000;
/** First probes come within this time, not all at once. */
const FIRST_MS = 2_000;
/** A check that obeys no signal and does not end is given up after this time. */
const GIVE_UP_MS = 60_000;

/** Runs the plugins' probes, each for each account, at their intervals, one at a time. */
export class ProbeRounds {
  readonly #options: ProbeRoundsOptions;
  readonly #watches = new Map<string, Watch>();
  #timer: NodeJS.Timeout | undefined;
  /** The round that all who ask now share. */
  #round: Promise<void> | undefined;

  constructor(options: ProbeRoundsOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.runDue(), TICK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const { ended } of this.#watches.values()) ended.abort();
    this.#watches.clear();
  }

  /** Runs what is due. */
  runDue(): void {
    this.#sync();
    const nowMs = this.#options.clock.monotonic();
    for (const watch of this.#watches.values()) {
      if (watch.dueMs > nowMs) continue;
      watch.dueMs = nowMs + intervalOf(watch.probe) * (0.9 + 0.2 * this.#options.random());
      void this.#check(watch);
    }
  }

  /** Lets an instance's probes run at the next second, whenever they were due. */
  hasten(instanceId: string): void {
    for (const watch of this.#watches.values()) {
      if (watch.instance.id === instanceId) watch.dueMs = -Infinity;
    }
  }

  /**
   * Runs every probe now, or joins the round that is under way. Resolves when all have reported or
   * the signal is aborted; never rejects.
   */
  async runAll(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#round ??= this.#runRound().finally(() => {
      this.#round = undefined;
    });
    let leave = (): void => undefined;
    const left = new Promise<void>((resolve) => {
      leave = resolve;
      signal.addEventListener('abort', leave, { once: true });
    });
    await Promise.race([this.#round, left]);
    signal.removeEventListener('abort', leave);
  }

  async #runRound(): Promise<void> {
    this.#sync();
    await Promise.all([...this.#watches.values()].map((watch) => this.#check(watch)));
  }

  /** What an account's probes found last. */
  reports(accountId: string): AccountHealth['probes'] {
    const reports = [];
    for (const { handle, probe, found } of this.#watches.values()) {
      if (handle.account.id !== accountId || found === undefined) continue;
      reports.push({ probe: probe.id, ...found.report, checkedAtMs: found.checkedAtMs });
    }
    return reports;
  }

  /** Takes up accounts that have come and drops those that have gone. */
  #sync(): void {
    const { instances, clock, random } = this.#options;
    const present = new Set<string>();
    for (const instance of instances()) {
      for (const handle of instance.accounts()) {
        for (const probe of instance.probes) {
          const key = `${handle.account.id} ${probe.id}`;
          present.add(key);
          const watch = this.#watches.get(key);
          if (watch?.handle === handle && watch.probe === probe) continue;
          if (watch !== undefined) this.#end(watch);
          this.#watches.set(key, {
            instance,
            handle,
            probe,
            ended: new AbortController(),
            dueMs: clock.monotonic() + random() * Math.min(FIRST_MS, intervalOf(probe)),
            running: undefined,
            busySinceMs: undefined,
            found: undefined,
          });
        }
      }
    }
    for (const [key, watch] of this.#watches) {
      if (present.has(key)) continue;
      this.#watches.delete(key);
      this.#end(watch);
    }
  }

  #end({ handle, probe, ended }: Watch): void {
    ended.abort();
    this.#options.book.setProbe(handle, probe.id, { status: 'unknown' });
  }

  #check(watch: Watch): Promise<void> {
    if (watch.running !== undefined) return watch.running;
    if (!this.#mayCheck(watch)) return Promise.resolve();
    watch.running = this.#run(watch).finally(() => {
      watch.running = undefined;
    });
    return watch.running;
  }

  /** Accounts that a person has to mend, or that must not be asked anything yet, are left alone. */
  #mayCheck({ instance, handle, busySinceMs, probe }: Watch): boolean {
    const nowMs = this.#options.clock.monotonic();
    const giveUpMs = Math.max(GIVE_UP_MS, 10 * limitOf(probe));
    if (busySinceMs !== undefined && nowMs - busySinceMs < giveUpMs) return false;
    const { state, kind } = this.#options.book.standing(instance.id, handle.account.id);
    if (state === 'needs-login' || state === 'invalid-key') return false;
    return state !== 'cooling' || kind === 'network' || kind === 'timeout';
  }

  async #run(watch: Watch): Promise<void> {
    const { instance, handle, probe, ended } = watch;
    const { book, catalogue, clock } = this.#options;
    const busySinceMs = clock.monotonic();
    watch.busySinceMs = busySinceMs;
    let report: HealthReport;
    try {
      const answer: unknown = await runForAccount({
        instance,
        handle,
        limitMs: limitOf(probe),
        signal: ended.signal,
        run: async (context) => {
          try {
            return await probe.check(context);
          } finally {
            if (watch.busySinceMs === busySinceMs) watch.busySinceMs = undefined;
          }
        },
      });
      const read = readReport(answer) ?? malformed(instance, probe);
      report = read.detail === undefined ? read : { ...read, detail: handle.masked(read.detail) };
    } catch (error) {
      if (isOwnFault(error)) instance.onFault('probe', error, `its probe "${probe.id}"`);
      const sentence = handle.masked(sentenceOf(error));
      const detail = `plugin "${instance.id}", probe "${probe.id}": ${sentence}`;
      report = { status: 'down', detail };
    }
    if (ended.signal.aborted) return;
    if (report.status !== watch.found?.report.status && report.status === 'down') {
      instance.logger.warn(`the probe "${probe.id}" is down`, {
        account: handle.account.label,
        detail: report.detail,
      });
    }
    if (report.status !== 'down') {
      const { id } = handle.account;
      if (watch.found === undefined) catalogue.retryFailed(id);
      else if (watch.found.report.status === 'down') catalogue.askAgain(id);
    }
    watch.found = { report, checkedAtMs: clock.now() };
    if (probe.affects !== 'readiness') return;
    const detail = report.detail ?? `the probe "${probe.id}" is down`;
    book.setProbe(
      handle,
      probe.id,
      report.status === 'down' ? { status: 'down', detail } : { status: 'up' },
    );
  }
}

function malformed({ id, onFault }: PluginInstance, probe: HealthProbe): HealthReport {
  const what = `gave a malformed report for its probe "${probe.id}"`;
  onFault('probe', what);
  return { status: 'down', detail: `plugin "${id}" ${what}` };
}

function readReport(answer: unknown): HealthReport | undefined {
  if (typeof answer !== 'object' || answer === null || !('status' in answer)) return undefined;
  const { status } = answer;
  if (status !== 'up' && status !== 'degraded' && status !== 'down') return undefined;
  if (!('detail' in answer) || typeof answer.detail !== 'string') return { status };
  return { status, detail: answer.detail.slice(0, 300) };
}

function intervalOf({ intervalMs }: HealthProbe): number {
  return Number.isFinite(intervalMs) ? Math.max(MIN_INTERVAL_MS, intervalMs) : DEFAULT_INTERVAL_MS;
}

function limitOf({ timeoutMs }: HealthProbe): number {
  return Number.isFinite(timeoutMs) && timeoutMs > 0 ? timeoutMs : DEFAULT_TIMEOUT_MS;
}
