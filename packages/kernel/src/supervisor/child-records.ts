import { randomBytes } from 'node:crypto';
import type { Logger } from '@cliproxy/plugin-api';
import type { StateStore } from '../ports/state-store.ts';

/** A process that runs for this gateway. */
export interface ChildRecord {
  /** `<instance>/<child>`. */
  readonly id: string;
  readonly pid: number;
  /** See {@link import('./process-table.ts').ProcessRow}. */
  readonly startTicks: number;
}

/** What a gateway left behind that did not end as it should. */
export interface LeftRecords {
  /** What its children's marks begin with. */
  readonly owner: string;
  readonly bootId: string;
  readonly children: readonly ChildRecord[];
}

const VERSION = 1;

/**
 * Writes down which processes run, so that the next gateway of this data folder finds them when
 * this one is killed. A store that fails is told of once, and costs nothing else.
 */
export class ChildRecords {
  readonly #store: StateStore | undefined;
  readonly #logger: Logger;
  readonly #children = new Map<string, ChildRecord>();
  #owner: string | undefined;
  #bootId = '';
  /** One saving after another. */
  #saving: Promise<void> = Promise.resolve();
  #waiting = false;
  #failing = false;

  /** @param store - absent: nothing outlives the gateway. */
  constructor(store: StateStore | undefined, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  /** Takes up what was saved. Never rejects. @param bootId - of now. */
  async load(bootId: string): Promise<LeftRecords | undefined> {
    this.#bootId = bootId;
    try {
      const left = readRecords(await this.#store?.load());
      this.#owner = left?.owner;
      return left;
    } catch (error) {
      this.#logger.warn('could not read which child processes ran before; none is looked for', {
        error,
      });
      return undefined;
    }
  }

  /** What marks this data folder's children; on disk before the first of them runs. */
  async owner(): Promise<string> {
    if (this.#owner === undefined) {
      this.#owner = randomBytes(8).toString('hex');
      await this.save();
    }
    return this.#owner;
  }

  async put(record: ChildRecord): Promise<void> {
    this.#children.set(record.id, record);
    await this.save();
  }

  async remove(id: string): Promise<void> {
    if (this.#children.delete(id)) await this.save();
  }

  /** Saves what is known now. Never rejects. */
  save(): Promise<void> {
    if (this.#store === undefined || this.#waiting) return this.#saving;
    this.#waiting = true;
    this.#saving = this.#saving.then(() => this.#save(this.#store));
    return this.#saving;
  }

  async #save(store: StateStore | undefined): Promise<void> {
    this.#waiting = false;
    try {
      await store?.save({
        version: VERSION,
        owner: this.#owner,
        bootId: this.#bootId,
        children: [...this.#children.values()],
      });
      this.#failing = false;
    } catch (error) {
      if (this.#failing) return;
      this.#failing = true;
      this.#logger.warn(
        'could not write down which child processes run; should this gateway be killed, some ' +
          'may be left',
        { error },
      );
    }
  }
}

function readRecords(saved: unknown): LeftRecords | undefined {
  const { version, owner, bootId, children } = membersOf(saved);
  if (version !== VERSION || typeof owner !== 'string' || !/^[\da-f]{16}$/u.test(owner)) return;
  if (typeof bootId !== 'string' || !Array.isArray(children)) return;
  return { owner, bootId, children: (children as unknown[]).filter(isRecord) };
}

function isRecord(value: unknown): value is ChildRecord {
  const { id, pid, startTicks } = membersOf(value);
  // 1 and what is negative would reach others than one process.
  const isPid = Number.isSafeInteger(pid) && (pid as number) > 1;
  return typeof id === 'string' && isPid && Number.isSafeInteger(startTicks);
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
