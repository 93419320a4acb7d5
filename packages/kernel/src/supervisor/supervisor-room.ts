import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '@cliproxy/plugin-api';
import type { ChildHealth } from '../health/health-snapshot.ts';
import type { ChildFiles } from '../ports/child-files.ts';
import type { Clock } from '../ports/clock.ts';
import type { ChildChanged, EventSink } from '../ports/event-sink.ts';
import type { SchemaChecker } from '../ports/schema-checker.ts';
import type { SecretRegistry } from '../ports/secret-registry.ts';
import type { StateStore } from '../ports/state-store.ts';
import { ChildRecords } from './child-records.ts';
import { InstanceChildren } from './instance-children.ts';
import type { ChildClaim, ChildRoom, ChildrenOf } from './instance-children.ts';
import { Launcher } from './launcher/launcher.ts';
import { endLeftovers } from './leftovers.ts';
import { bootId, familyOf, readProcesses, residentBytes } from './process-table.ts';
import { SupervisedChild } from './supervised-child.ts';
import type { ChildPorts } from './supervised-child.ts';

/** What a {@link SupervisorRoom} works with. */
export interface SupervisorRoomOptions {
  readonly clock: Clock;
  readonly sink: EventSink;
  readonly secrets: SecretRegistry;
  readonly checker: SchemaChecker;
  readonly logger: Logger;
  readonly files: ChildFiles;
  /** Where it is written down which processes run; absent: nowhere. */
  readonly records?: StateStore;
}

/** A child's place: who has it, and who has it next. */
interface Slot {
  child: SupervisedChild | undefined;
  owner: InstanceChildren | undefined;
  heir: ChildClaim | undefined;
  /** Ends the former generation's child, when that takes too long. */
  timer?: NodeJS.Timeout;
}

/** Longest time that a replaced generation keeps a child from the next one, in milliseconds. */
const HANDOVER_MS = 30_000;
const CENSUS_MS = 2_000;
/** Longest wait for what was killed at the end. */
const LAST_MS = 2_000;

/** All children of all instances. */
export class SupervisorRoom implements ChildRoom {
  readonly #options: SupervisorRoomOptions;
  readonly #ports: ChildPorts;
  readonly #records: ChildRecords;
  readonly #slots = new Map<string, Slot>();
  readonly #launcher = new Launcher();
  #cleared: Promise<void> | undefined;
  #census: NodeJS.Timeout | undefined;

  constructor(options: SupervisorRoomOptions) {
    this.#options = options;
    const { clock, files, secrets } = options;
    this.#records = new ChildRecords(options.records, options.logger);
    this.#ports = {
      clock,
      files,
      secrets,
      records: this.#records,
      launcher: this.#launcher,
      cleared: () => this.begin(),
      onChange: (child) => this.#tell(child),
    };
  }

  /** Ends what a killed gateway left behind; no child starts before that. Never rejects. */
  begin(): Promise<void> {
    this.#cleared ??= this.#clear();
    return this.#cleared;
  }

  /** The children of one generation of an instance. */
  instance(of: Omit<ChildrenOf, 'room' | 'clock' | 'checker' | 'secrets'>): InstanceChildren {
    const { clock, checker, secrets } = this.#options;
    return new InstanceChildren({ ...of, room: this, clock, checker, secrets });
  }

  /** How an instance's children do. */
  children(instanceId: string): readonly ChildHealth[] {
    const { clock } = this.#options;
    return [...this.#slots.entries()]
      .filter(([id]) => id.startsWith(`${instanceId}/`))
      .map(([id, { child, heir }]) => {
        const status = child?.status() ?? heir?.handle.status;
        const { retryAtMs } = status ?? {};
        return {
          name: id.slice(instanceId.length + 1),
          ...(status ?? { state: 'stopped' as const, sinceMs: clock.now(), restarts: 0 }),
          ...(heir === undefined ? {} : { state: 'waiting' as const }),
          ...(retryAtMs === undefined ? {} : { retryInMs: Math.max(0, retryAtMs - clock.now()) }),
          ...(child?.logFile === undefined ? {} : { log: child.logFile }),
        };
      });
  }

  /** Starts a child, or lets it wait until the former generation's is gone or handed over. */
  claim(claim: ChildClaim): void {
    const id = `${claim.surroundings.instanceId}/${claim.plan.name}`;
    const slot = this.#slots.get(id) ?? { child: undefined, owner: undefined, heir: undefined };
    this.#slots.set(id, slot);
    if (slot.child === undefined) {
      this.#start(slot, claim);
      return;
    }
    slot.heir?.handle.detach(this.#options.clock.now());
    slot.heir = claim;
    if (claim.owner.committed) this.#succeed(slot);
  }

  /** The generation serves: what it waits for is handed over, or ended soon. */
  commit(owner: InstanceChildren): void {
    for (const slot of this.#slots.values()) if (slot.heir?.owner === owner) this.#succeed(slot);
  }

  /** Starts a generation's child anew. @returns false: it has none of that name. */
  restart(owner: InstanceChildren, id: string): boolean {
    const slot = this.#slots.get(id);
    if (slot?.owner === owner) slot.child?.restart();
    return slot?.owner === owner || slot?.heir?.owner === owner;
  }

  /** Ends a generation's child, or its wish for one. @returns false: it has none of that name. */
  async release(owner: InstanceChildren, id: string): Promise<boolean> {
    const slot = this.#slots.get(id);
    if (slot?.heir?.owner === owner) {
      const { handle } = slot.heir;
      slot.heir = undefined;
      clearTimeout(slot.timer);
      handle.detach(this.#options.clock.now());
      return true;
    }
    if (slot?.owner !== owner) return false;
    await this.#end(id, slot);
    return true;
  }

  /** Ends at once whatever still runs, at the end of the gateway; never takes long. */
  async stop(): Promise<void> {
    clearInterval(this.#census);
    const ended = [...this.#slots].map(async ([id, slot]) => {
      slot.heir = undefined;
      slot.child?.kill();
      await this.#end(id, slot);
    });
    const limit = new Promise<void>((resolve) => setTimeout(resolve, LAST_MS).unref());
    await Promise.race([Promise.all(ended), limit]);
    await this.#launcher.end();
    await this.#records.save();
    process.off('exit', this.#onExit);
  }

  /** Whoever ends the process at once has no time to wait for anything. */
  readonly #onExit = (): void => {
    for (const { child } of this.#slots.values()) child?.kill();
  };

  #start(slot: Slot, { owner, plan, handle, surroundings }: ChildClaim): void {
    const child = new SupervisedChild(plan, handle, surroundings, this.#ports);
    slot.child = child;
    slot.owner = owner;
    if (this.#census === undefined) {
      process.on('exit', this.#onExit);
      this.#census = setInterval(() => void this.#count(), CENSUS_MS).unref();
    }
    child.begin();
  }

  #succeed(slot: Slot): void {
    const { child, heir } = slot;
    if (child === undefined || heir === undefined) return;
    const ending = child.state === 'stopping' || child.state === 'stopped';
    if (!ending && isDeepStrictEqual(child.plan, heir.plan)) {
      slot.heir = undefined;
      slot.owner = heir.owner;
      child.handTo(heir.handle, heir.surroundings);
      return;
    }
    clearTimeout(slot.timer);
    slot.timer = setTimeout(() => void this.#end(child.id, slot), HANDOVER_MS).unref();
  }

  /** Ends the child of a slot; whoever waits for the slot comes next. */
  async #end(id: string, slot: Slot): Promise<void> {
    const { child } = slot;
    if (child === undefined) return;
    await child.stop();
    if (slot.child !== child) return;
    clearTimeout(slot.timer);
    slot.child = undefined;
    slot.owner = undefined;
    const { heir } = slot;
    slot.heir = undefined;
    if (heir !== undefined) this.#start(slot, heir);
    else this.#slots.delete(id);
    const linked = [...this.#slots.values()].some((one) => one.child?.plan.linked);
    if (!linked) await this.#launcher.end();
  }

  async #clear(): Promise<void> {
    const { logger } = this.#options;
    const boot = (await bootId()) ?? '';
    const left = await this.#records.load(boot);
    if (left === undefined) return;
    try {
      await endLeftovers(left, boot, logger);
    } catch (error) {
      logger.warn('could not look for what a former gateway left behind', { error });
    }
    if (left.children.length > 0) await this.#records.save();
  }

  /** What each child's processes take. */
  async #count(): Promise<void> {
    const children = [...this.#slots.values()].flatMap(({ child }) => child ?? []);
    if (children.every(({ pid }) => pid === undefined)) return;
    const rows = await readProcesses();
    if (rows === undefined) return;
    for (const child of children) {
      const { pid } = child;
      if (pid === undefined) continue;
      const sizes = familyOf(pid, rows).map(residentBytes);
      child.noteMemory(sizes.reduce((sum, bytes) => sum + bytes, 0));
    }
  }

  #tell(child: SupervisedChild): void {
    const { state, pid, restarts, retryAtMs, lastExit } = child.status();
    const failed = state === 'backing-off' || state === 'crash-loop';
    const event: ChildChanged = {
      type: 'child-changed',
      instanceId: child.instanceId,
      child: child.plan.name,
      state,
      restarts,
      ...(pid === undefined ? {} : { pid }),
      ...(failed && lastExit !== undefined ? { reason: lastExit.reason } : {}),
      ...(retryAtMs === undefined ? {} : { untilMs: retryAtMs }),
      ...(child.logFile === undefined ? {} : { log: child.logFile }),
    };
    this.#options.sink.emit(event);
  }
}
