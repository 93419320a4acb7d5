import type { Child, HttpClient, Logger, Supervisor } from '@cliproxy/plugin-api';
import type { Clock } from '../ports/clock.ts';
import type { SchemaChecker } from '../ports/schema-checker.ts';
import type { SecretRegistry } from '../ports/secret-registry.ts';
import { ChildHandle, badChild } from './child-handle.ts';
import { readSpec } from './child-plan.ts';
import type { ChildPlan } from './child-plan.ts';
import type { ChildSurroundings } from './supervised-child.ts';

/** One generation's wish for a child. */
export interface ChildClaim {
  readonly owner: InstanceChildren;
  readonly plan: ChildPlan;
  readonly handle: ChildHandle;
  readonly surroundings: ChildSurroundings;
}

/** Where the children of all generations are. */
export interface ChildRoom {
  /** Starts a child, or lets it wait until the former generation's is gone or handed over. */
  claim(claim: ChildClaim): void;
  /** The generation serves: what it waits for is handed over, or ended soon. */
  commit(owner: InstanceChildren): void;
  /** Starts a generation's child anew. @returns false: it has none of that name. */
  restart(owner: InstanceChildren, id: string): boolean;
  /** Ends a generation's child, or its wish for one. @returns false: it has none of that name. */
  release(owner: InstanceChildren, id: string): Promise<boolean>;
}

/** Whose children they are. */
export interface ChildrenOf {
  readonly room: ChildRoom;
  readonly instanceId: string;
  readonly http: HttpClient;
  readonly logger: Logger;
  /** The environment variables that they may see. */
  readonly allowed: ReadonlySet<string>;
  readonly clock: Clock;
  readonly checker: SchemaChecker;
  readonly secrets: SecretRegistry;
}

/** The children of one generation of an instance: what `services.supervisor` gives to its plugin. */
export class InstanceChildren implements Supervisor {
  readonly #of: ChildrenOf;
  /** In the order of their start. */
  readonly #names = new Set<string>();
  #committed = false;
  #ended = false;

  constructor(of: ChildrenOf) {
    this.#of = of;
  }

  /** Whether this generation serves. */
  get committed(): boolean {
    return this.#committed;
  }

  async start(spec: unknown): Promise<Child> {
    const { room, instanceId, http, logger, allowed, clock, checker, secrets } = this.#of;
    const {
      plan,
      faults,
      secrets: own,
    } = readSpec(spec, {
      checker,
      allowed,
      environment: process.env,
    });
    if (plan === undefined) {
      throw badChild(`plugin "${instanceId}": a child can't be started: ${faults.join('; ')}`);
    }
    if (this.#ended)
      throw badChild(`plugin "${instanceId}" has ended and starts no child any more`);
    if (this.#names.has(plan.name)) {
      throw badChild(
        `plugin "${instanceId}": there is a child ${plan.name} already; stop it first`,
      );
    }
    for (const value of own) secrets.add(value);
    this.#names.add(plan.name);
    const handle = new ChildHandle(instanceId, plan.name, plan.channel, clock.now());
    room.claim({ owner: this, plan, handle, surroundings: { instanceId, http, logger } });
    return handle;
  }

  /** Starts a process of the gateway's own making. @param plan - of a name that is free. */
  launch(plan: ChildPlan, onProcess: ChildHandle['onProcess']): ChildHandle {
    const { room, instanceId, http, logger, clock } = this.#of;
    const handle = new ChildHandle(instanceId, plan.name, plan.channel, clock.now());
    handle.onProcess = onProcess;
    this.#names.add(plan.name);
    room.claim({ owner: this, plan, handle, surroundings: { instanceId, http, logger } });
    return handle;
  }

  async restart(name: string): Promise<void> {
    const { room } = this.#of;
    if (!room.restart(this, this.#id(name))) throw this.#unknown(name);
  }

  async stop(name: string): Promise<void> {
    const id = this.#id(name);
    if (!this.#names.delete(name) || !(await this.#of.room.release(this, id))) {
      throw this.#unknown(name);
    }
  }

  /** From now on this generation serves. */
  commit(): void {
    this.#committed = true;
    this.#of.room.commit(this);
  }

  /** Ends what it has, the last started first. */
  async end(): Promise<void> {
    this.#ended = true;
    for (const name of [...this.#names].reverse()) {
      await this.#of.room.release(this, this.#id(name));
    }
    this.#names.clear();
  }

  #id(name: string): string {
    return `${this.#of.instanceId}/${name}`;
  }

  #unknown(name: string): Error {
    return badChild(`plugin "${this.#of.instanceId}" has no child ${JSON.stringify(name)}`);
  }
}
