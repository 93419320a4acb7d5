import type { PluginInstance } from '../plugins/plugin-instance.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventSink } from '../ports/event-sink.ts';
import type { SecretRegistry } from '../ports/secret-registry.ts';
import type { CodeHomes } from './code-homes.ts';
import { nextCircuit, phaseOf } from './fault-circuit.ts';
import type {
  CircuitIncident,
  CircuitPhase,
  CircuitPolicy,
  CircuitState,
} from './fault-circuit.ts';
import { faultSentence } from './fault-sentence.ts';
import { FaultTeller } from './fault-teller.ts';
import { weighs } from './instance-faults.ts';
import type {
  FaultPlace,
  InstanceFault,
  InstanceFaults,
  InstanceOutage,
} from './instance-faults.ts';

/** In the place of an instance, for what belongs to none. */
const NOBODY = '';

/** What a {@link FaultBook} needs. */
export interface FaultBookOptions {
  readonly clock: Clock;
  readonly sink: EventSink;
  readonly secrets: Pick<SecretRegistry, 'mask'>;
  /** Knows whose code an error comes from. */
  readonly homes: CodeHomes;
  /** Read for every decision, so that a reload takes effect at once. */
  readonly policy: () => CircuitPolicy;
}

/** How an instance stands as far as its own faults are concerned. Times: milliseconds since 1970. */
export interface FaultStanding {
  readonly phase: CircuitPhase;
  /** Since the gateway started; those of each place, too. */
  readonly faults: number;
  readonly byPlace: Readonly<Partial<Record<FaultPlace, number>>>;
  /** How often in a row it was put out; 0: it is in. */
  readonly openings: number;
  /** What the last fault was. */
  readonly last?: { readonly where: FaultPlace; readonly message: string; readonly atMs: number };
  /** When it is tried again. */
  readonly untilMs?: number;
}

/**
 * An instance has two circuits: hooks that work say nothing about an executor that doesn't, nor the
 * other way round.
 */
type Part = 'requests' | 'hooks';

interface Entry {
  readonly circuits: Record<Part, CircuitState | undefined>;
  readonly counts: Map<FaultPlace, number>;
  last: FaultStanding['last'];
}

const SOUND: FaultStanding = Object.freeze({
  phase: 'closed',
  faults: 0,
  byPlace: Object.freeze({}),
  openings: 0,
});

/**
 * Knows what each instance's own code has done wrong, and keeps a circuit for each: who fails again
 * and again is left alone for a while, then tried with one request.
 */
export class FaultBook implements InstanceFaults {
  readonly #options: FaultBookOptions;
  readonly #entries = new Map<string, Entry>();
  /** What the beginning of an answer has changed, by the attempt's key. */
  readonly #former = new WeakMap<object, CircuitState>();
  readonly #teller: FaultTeller;
  /** Generations, by their `ended`, and whether they answer requests. */
  #present = new Map<string, { readonly ended: AbortSignal; readonly answers: boolean }>();

  constructor(options: FaultBookOptions) {
    this.#options = options;
    this.#teller = new FaultTeller((fault) => {
      const { instanceId, where, ...rest } = fault;
      options.sink.emit(
        instanceId === NOBODY
          ? { type: 'stray-error', ...rest }
          : { type: 'plugin-faulted', instanceId, where, ...rest },
      );
    });
  }

  note(fault: InstanceFault): void {
    // Hooks have no slot for a trial: from the end of the pause on, each call of theirs is one.
    const part = this.#partOf(fault.instanceId, fault.where);
    const phase = part === 'hooks' ? this.#phase(fault.instanceId, part) : 'closed';
    this.#note(fault, phase === 'half-open', undefined);
  }

  /**
   * Takes an error that nobody caught, or a rejection that nobody awaits. One that comes from a
   * plugin's code is its fault; where several instances share the code, each one's.
   *
   * @returns whose it is. What is the gateway's own is not told by this.
   */
  noteStray(error: unknown): 'plugin' | 'gateway' | 'unknown' {
    const owner = this.#options.homes.ownerOf(error);
    if (owner === 'gateway') return owner;
    if (owner === 'unknown') {
      const message = this.#options.secrets.mask(faultSentence(error));
      this.#teller.note({ instanceId: NOBODY, where: 'stray', message, cause: error });
      return owner;
    }
    for (const instanceId of owner.instanceIds) this.note({ instanceId, where: 'stray', error });
    return 'plugin';
  }

  /** @param folder - in which an instance's code lives. */
  noteHome(instanceId: string, folder: string): void {
    this.#options.homes.note(instanceId, folder);
  }

  noteSuccess(instanceId: string): void {
    if (this.#entries.size === 0) return;
    const trial = this.#phase(instanceId, 'hooks') !== 'open';
    this.#step(instanceId, 'hooks', { type: 'sound', trial });
  }

  outage(instanceId: string): InstanceOutage | undefined {
    const circuit = this.#entries.get(instanceId)?.circuits.hooks;
    if (circuit === undefined || this.#phaseOf(circuit) !== 'open') return undefined;
    return { untilMs: circuit.untilMs, reason: reasonOf(circuit) };
  }

  /** Whether the executor is to be left alone now, with the trial that an attempt may have or waits for. */
  circuit(instanceId: string): (InstanceOutage & { readonly phase: CircuitPhase }) | undefined {
    const circuit = this.#entries.get(instanceId)?.circuits.requests;
    if (circuit === undefined || circuit.openings === 0) return undefined;
    return {
      phase: this.#phaseOf(circuit),
      untilMs: circuit.untilMs,
      reason: reasonOf(circuit),
    };
  }

  /** An attempt begins that is the instance's trial. */
  beginTrial(instanceId: string): void {
    this.#step(instanceId, 'requests', { type: 'trial-begun' });
  }

  /**
   * Takes what an attempt came to as far as the plugin's code is concerned; again where an answer
   * breaks after its beginning.
   *
   * @param key - the same object for the same attempt.
   * @param trial - the attempt is the instance's trial.
   */
  attemptEnded(
    instanceId: string,
    key: object,
    trial: boolean,
    outcome: InstanceFault | 'sound' | 'abandoned',
  ): void {
    if (typeof outcome === 'object') {
      this.#note(outcome, trial, this.#former.get(key));
      return;
    }
    // Nearly always: nothing stands against anybody.
    const circuit = this.#entries.get(instanceId)?.circuits.requests;
    if (circuit === undefined) return;
    if (outcome === 'sound') this.#former.set(key, circuit);
    this.#step(instanceId, 'requests', { type: outcome, trial });
  }

  standing(instanceId: string): FaultStanding {
    const entry = this.#entries.get(instanceId);
    if (entry === undefined) return SOUND;
    const { circuits, counts, last } = entry;
    const { requests, hooks } = circuits;
    const circuit = (requests?.openings ?? 0) >= (hooks?.openings ?? 0) ? requests : hooks;
    const phase = circuit === undefined ? 'closed' : this.#phaseOf(circuit);
    return {
      phase,
      faults: [...counts.values()].reduce((sum, count) => sum + count, 0),
      byPlace: Object.fromEntries(counts),
      openings: circuit?.openings ?? 0,
      ...(last === undefined ? {} : { last }),
      ...(circuit === undefined || phase !== 'open' ? {} : { untilMs: circuit.untilMs }),
    };
  }

  /** Lets instances be tried at once. @param instanceId - absent: all. */
  reset(instanceId?: string): void {
    for (const id of [...this.#entries.keys()]) {
      if (instanceId === undefined || id === instanceId) this.#clear(id);
    }
  }

  /** Told after every change of instances: those that were set up anew begin anew. */
  retain(instances: readonly PluginInstance[]): void {
    const former = this.#present;
    this.#present = new Map(
      instances.map(({ id, ended, executor }) => [id, { ended, answers: executor !== undefined }]),
    );
    for (const id of [...this.#entries.keys()]) {
      const now = this.#present.get(id);
      if (now === undefined) this.#entries.delete(id);
      else if (former.get(id)?.ended !== now.ended) this.#clear(id);
    }
  }

  /** Tells what is still to be told. */
  stop(): void {
    this.#teller.stop();
  }

  #note(fault: InstanceFault, trial: boolean, former: CircuitState | undefined): void {
    const { clock, secrets } = this.#options;
    const { instanceId, where, error, what, requestId } = fault;
    const entry = this.#entry(instanceId);
    const sentence = secrets.mask(faultSentence(error));
    const message = what === undefined ? sentence : `${what}: ${sentence}`;
    entry.counts.set(where, (entry.counts.get(where) ?? 0) + 1);
    entry.last = { where, message, atMs: clock.now() };
    this.#teller.note({
      instanceId,
      where,
      message,
      ...(typeof error === 'string' ? {} : { cause: error }),
      ...(requestId === undefined ? {} : { requestId }),
    });
    if (!weighs(where)) return;
    this.#step(instanceId, this.#partOf(instanceId, where), {
      type: 'fault',
      trial,
      detail: message,
      ...(former === undefined ? {} : { former }),
    });
  }

  #partOf(instanceId: string, where: FaultPlace): Part {
    return where === 'hook' || this.#present.get(instanceId)?.answers === false
      ? 'hooks'
      : 'requests';
  }

  #step(instanceId: string, part: Part, incident: CircuitIncident): void {
    const circuits = this.#entries.get(instanceId)?.circuits;
    if (circuits === undefined) return;
    const { clock, policy } = this.#options;
    const before = circuits[part];
    circuits[part] = nextCircuit(before, incident, clock.now(), policy());
    this.#tellChange(instanceId, before, circuits[part]);
  }

  #clear(instanceId: string): void {
    const circuits = this.#entries.get(instanceId)?.circuits;
    if (circuits === undefined) return;
    for (const part of ['requests', 'hooks'] as const) {
      const before = circuits[part];
      circuits[part] = undefined;
      this.#tellChange(instanceId, before, undefined);
    }
  }

  #tellChange(
    instanceId: string,
    before: CircuitState | undefined,
    after: CircuitState | undefined,
  ): void {
    const wasOut = (before?.openings ?? 0) > 0;
    const isOut = after !== undefined && after.openings > 0;
    const again = isOut && after.openings !== before?.openings;
    if (wasOut === isOut && !again) return;
    this.#options.sink.emit({
      type: 'circuit-changed',
      instanceId,
      state: isOut ? 'open' : 'closed',
      ...(isOut
        ? { reason: reasonOf(after), untilMs: after.untilMs, openings: after.openings }
        : {}),
    });
  }

  #entry(instanceId: string): Entry {
    let entry = this.#entries.get(instanceId);
    if (entry === undefined) {
      const circuits = { requests: undefined, hooks: undefined };
      entry = { circuits, counts: new Map(), last: undefined };
      this.#entries.set(instanceId, entry);
    }
    return entry;
  }

  #phase(instanceId: string, part: Part): CircuitPhase {
    return this.#phaseOf(this.#entries.get(instanceId)?.circuits[part]);
  }

  #phaseOf(circuit: CircuitState | undefined): CircuitPhase {
    const { clock, policy } = this.#options;
    return phaseOf(circuit, clock.now(), policy());
  }
}

function reasonOf({ faultsAtMs, openings, detail }: CircuitState): string {
  const trials =
    openings === 1 ? '' : ` and ${openings - 1} failed ${openings === 2 ? 'trial' : 'trials'}`;
  return `out after ${faultsAtMs.length} faults of its own${trials}, the last: ${detail}`;
}
