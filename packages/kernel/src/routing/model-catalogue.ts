import type { ModelInfo } from '@cliproxy/plugin-api';
import type { AccountHandle } from '../accounts/account-handle.ts';
import { runForAccount, sentenceOf } from '../accounts/account-work.ts';
import { isOwnFault } from '../faults/own-fault.ts';
import type { PluginInstance } from '../plugins/plugin-instance.ts';
import type { Clock } from '../ports/clock.ts';
import { readModelInfos } from './model-infos.ts';
import type { ListedModels } from './routing-table.ts';

/** What a {@link ModelCatalogue} needs. */
export interface ModelCatalogueOptions {
  /** The instances now, in their configured order. */
  readonly instances: () => readonly PluginInstance[];
  readonly clock: Clock;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
}

type Models = ReadonlyMap<string, ModelInfo>;

/** What is known of one account's models. */
interface AccountList {
  instance: PluginInstance;
  handle: AccountHandle;
  models: Models;
  /** When it is to be asked again, by the monotonic clock. */
  dueMs: number;
  failures: number;
  problem: string | undefined;
  fetching: Promise<void> | undefined;
  /** Something has changed since it was asked: a failure may be one of before. */
  outdated: boolean;
  /** It was asked once more for that reason: not without end, where asking itself is what changes it. */
  hurried: boolean;
  readonly ended: AbortController;
}

const REFRESH_MS = 600_000;
/** After the first failure; doubles up to {@link REFRESH_MS}. */
const RETRY_MS = 30_000;
const LIMIT_MS = 15_000;
/** How often it looks for what is due and for accounts that have come. */
const TICK_MS = 5_000;
const MAX_AT_ONCE = 4;

/**
 * The models that plugins list, by account. Asks in the background and keeps the former list when
 * the answer fails; nobody ever waits for it. Outlives configuration generations.
 */
export class ModelCatalogue implements ListedModels {
  readonly #options: ModelCatalogueOptions;
  readonly #lists = new Map<string, AccountList>();
  readonly #listeners = new Set<() => void>();
  #byInstance: ReadonlyMap<string, Models> = new Map();
  #servers: ReadonlyMap<string, readonly string[]> = new Map();
  #version = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ModelCatalogueOptions) {
    this.#options = options;
  }

  /** Changes whenever a list does. */
  get version(): number {
    return this.#version;
  }

  /** What an instance lists about a model; where its accounts differ, the first one's. */
  info(instanceId: string, model: string): ModelInfo | undefined {
    return this.#byInstance.get(instanceId)?.get(model);
  }

  /** Instances that list the model, in their configured order. */
  servers(model: string): readonly string[] {
    return this.#servers.get(model) ?? [];
  }

  /** All listed names. */
  names(): readonly string[] {
    return [...this.#servers.keys()];
  }

  /** Why an instance's lists could not be had or are incomplete; for health. */
  problems(instanceId: string): readonly string[] {
    const problems = [...this.#lists.values()]
      .filter(({ instance }) => instance.id === instanceId)
      .flatMap(({ problem }) => problem ?? []);
    return [...new Set(problems)];
  }

  /** Begins to ask in the background, at once. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.refreshDue(), TICK_MS);
    this.#timer.unref();
    this.refreshDue();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const { ended } of this.#lists.values()) ended.abort();
    this.#lists.clear();
  }

  /** Asks for what is due, without waiting. Worth calling when instances or accounts changed. */
  refreshDue(): void {
    this.#sync();
    const nowMs = this.#options.clock.monotonic();
    let running = [...this.#lists.values()].filter(({ fetching }) => fetching !== undefined).length;
    for (const list of this.#lists.values()) {
      if (running >= MAX_AT_ONCE) return;
      if (list.fetching !== undefined || list.dueMs > nowMs) continue;
      running += 1;
      void this.#fetch(list);
    }
  }

  /** Asks an account at once whose upstream was down: its list may be another one now. */
  askAgain(accountId: string): void {
    const list = this.#lists.get(accountId);
    if (list === undefined) return;
    list.failures = 0;
    list.dueMs = -Infinity;
    if (this.#timer !== undefined) this.refreshDue();
  }

  /**
   * Asks an account at once whose list could not be had, or is being asked for: something has come
   * since that may have been what it lacked. Nothing becomes of it where the list is there.
   */
  retryFailed(accountId: string): void {
    const list = this.#lists.get(accountId);
    if (list === undefined) return;
    markOutdated(list);
    if (this.#timer !== undefined) this.refreshDue();
  }

  /** Asks every account now. Resolves when all have answered or failed; never rejects. */
  async refresh(): Promise<void> {
    this.#sync();
    await Promise.all([...this.#lists.values()].map((list) => this.#fetch(list)));
  }

  /** Calls back when a list has changed. @returns what ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Takes up accounts that have come and drops those that have gone. */
  #sync(): void {
    const present = new Set<string>();
    let changed = false;
    for (const instance of this.#options.instances()) {
      if (instance.executor === undefined) continue;
      for (const handle of instance.accounts()) {
        const { id } = handle.account;
        present.add(id);
        const list = this.#lists.get(id);
        if (list?.instance === instance) {
          // Logged in anew, or attached again: what it could not list before, it may now.
          if (list.handle !== handle) markOutdated(list);
          list.handle = handle;
        } else {
          list?.ended.abort();
          // A reconfigured instance keeps its former list until it has given the new one.
          const kept =
            list?.instance.packageName === instance.packageName ? list.models : undefined;
          changed ||= list !== undefined && kept === undefined;
          this.#lists.set(id, newList(instance, handle, kept));
        }
      }
    }
    for (const [id, { ended }] of this.#lists) {
      if (present.has(id)) continue;
      ended.abort();
      this.#lists.delete(id);
      changed = true;
    }
    if (changed) this.#publish();
  }

  #fetch(list: AccountList): Promise<void> {
    list.fetching ??= this.#ask(list).finally(() => {
      list.fetching = undefined;
      if (this.#timer !== undefined) this.refreshDue();
    });
    return list.fetching;
  }

  async #ask(list: AccountList): Promise<void> {
    const { instance, handle, ended } = list;
    const { executor } = instance;
    if (executor === undefined) return;
    list.outdated = false;
    let problem: string | undefined;
    let failed = false;
    try {
      const answer: unknown = await runForAccount({
        instance,
        handle,
        limitMs: LIMIT_MS,
        signal: ended.signal,
        run: (context) => executor.models(context),
      });
      if (ended.signal.aborted) return;
      const read = readModelInfos(answer);
      problem = read.problem;
      if (read.problem !== undefined) instance.onFault('models', read.problem);
      if (read.models === undefined) failed = true;
      else this.#take(list, read.models);
    } catch (error) {
      if (ended.signal.aborted) return;
      failed = true;
      if (isOwnFault(error)) instance.onFault('models', error);
      problem = `the models could not be listed: ${handle.masked(sentenceOf(error))}`;
    }
    this.#settle(list, failed, problem);
  }

  #take(list: AccountList, models: Models): void {
    if (sameModels(list.models, models)) return;
    list.models = models;
    this.#publish();
  }

  #settle(list: AccountList, failed: boolean, problem: string | undefined): void {
    const { clock, random } = this.#options;
    list.hurried = failed && list.outdated && !list.hurried;
    if (list.hurried) {
      list.dueMs = -Infinity;
      return;
    }
    list.failures = failed ? list.failures + 1 : 0;
    const waitMs = failed
      ? Math.min(REFRESH_MS, RETRY_MS * 2 ** Math.min(list.failures - 1, 10))
      : REFRESH_MS;
    list.dueMs = clock.monotonic() + waitMs * (0.9 + 0.2 * random());
    if (problem !== undefined && problem !== list.problem) {
      list.instance.logger.warn(problem, { account: list.handle.account.label });
    }
    list.problem = problem;
  }

  /** Merges the lists anew, in the instances' order. */
  #publish(): void {
    const byInstance = new Map<string, Map<string, ModelInfo>>();
    const servers = new Map<string, string[]>();
    for (const instance of this.#options.instances()) {
      const merged = new Map<string, ModelInfo>();
      for (const { account } of instance.accounts()) {
        for (const [model, info] of this.#lists.get(account.id)?.models ?? []) {
          if (!merged.has(model)) merged.set(model, info);
        }
      }
      byInstance.set(instance.id, merged);
      for (const model of merged.keys()) {
        const known = servers.get(model);
        if (known === undefined) servers.set(model, [instance.id]);
        else known.push(instance.id);
      }
    }
    this.#byInstance = byInstance;
    this.#servers = servers;
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }
}

function newList(
  instance: PluginInstance,
  handle: AccountHandle,
  models: Models = new Map(),
): AccountList {
  return {
    instance,
    handle,
    models,
    dueMs: -Infinity,
    failures: 0,
    problem: undefined,
    fetching: undefined,
    outdated: false,
    hurried: false,
    ended: new AbortController(),
  };
}

function markOutdated(list: AccountList): void {
  if (list.fetching !== undefined) list.outdated = true;
  if (list.failures === 0) return;
  list.failures = 0;
  list.dueMs = -Infinity;
}

function sameModels(a: Models, b: Models): boolean {
  return a.size === b.size && JSON.stringify([...a.values()]) === JSON.stringify([...b.values()]);
}
