import type { EventTransform, ModelEvent } from '@cliproxy/plugin-api';
import type { EventStage } from '../ports/dialects.ts';
import { ANSWER_START, samePlace, stepTo } from './event-grammar.ts';
import type { AnswerPlace } from './event-grammar.ts';
import type { ChainLink } from './hook-chain.ts';
import { isRefusal, thrownName } from './hook-fault.ts';
import { isSoundEvent } from './sound-event.ts';

/** More events than this in the place of one are no answer any more. */
const MAX_EVENTS = 10_000;

/** One hook's part in an answer. */
export interface StageLink {
  readonly link: ChainLink;
  readonly transform: EventTransform;
}

/**
 * What becomes of a fault: tells it, and throws where nothing passes without the hook.
 *
 * @param lost - it can't be left out any more: what it held back is gone.
 */
export type OnStageFault = (link: ChainLink, what: string, cause: unknown, lost: boolean) => void;

interface Live extends StageLink {
  /** Where the answer is that it has given. */
  place: AnswerPlace;
  /** Indexes that it has given. */
  readonly used: Set<number>;
  /**
   * Open blocks that it was shown, and gave something else of than what it was shown: it may hold back
   * some of their text.
   */
  readonly touched: Set<number>;
  /** True: it failed, and the answer goes on without it. */
  out: boolean;
}

/** Leads the events of one answer through the hooks that change them, and holds each to the grammar. */
export class HookStage implements EventStage {
  readonly #lives: readonly Live[];
  readonly #onFault: OnStageFault;
  #place: AnswerPlace = ANSWER_START;
  readonly #used = new Set<number>();
  #finished = false;
  /** The upstream itself breaks the grammar: no hook is to blame for what follows from it. */
  #lenient = false;

  /** @param links - in the order in which events meet them. */
  constructor(links: readonly StageLink[], onFault: OnStageFault) {
    this.#lives = links.map((one) => ({
      ...one,
      place: ANSWER_START,
      used: new Set(),
      touched: new Set(),
      out: false,
    }));
    this.#onFault = onFault;
  }

  push(event: ModelEvent, tell: (event: ModelEvent) => void): void {
    const before = this.#place;
    if (event.type === 'finish') this.#finished = true;
    if (!this.#lenient) {
      const next = stepTo(before, event, this.#used);
      if (typeof next === 'string') this.#lenient = true;
      else this.#place = next;
    }
    this.#pass(0, event, before, tell);
  }

  end(tell: (event: ModelEvent) => void): void {
    // An answer that broke off is nobody's to complete.
    if (!this.#finished) return;
    let before = this.#place;
    this.#lives.forEach((live, at) => {
      if (live.out) return;
      const given = this.#given(live, before, () => live.transform.end?.() ?? []);
      if (given === undefined || !this.#give(at, given, before, tell)) return;
      if (!this.#lenient && !live.place.finished) {
        this.#onFault(live.link, 'left out the end of the answer', undefined, true);
      }
      before = live.place;
    });
  }

  #pass(
    at: number,
    event: ModelEvent,
    before: AnswerPlace,
    tell: (event: ModelEvent) => void,
  ): void {
    const live = this.#lives[at];
    if (live === undefined) tell(event);
    else if (live.out) this.#pass(at + 1, event, before, tell);
    else {
      const given = this.#given(live, before, () => live.transform.push(event));
      if (given === undefined || !this.#give(at, given, before, tell)) {
        this.#pass(at + 1, event, before, tell);
      } else noteTouch(live, event, given);
    }
  }

  /** What the hook gives; undefined: it failed, and is left out. */
  #given(live: Live, before: AnswerPlace, ask: () => unknown): readonly unknown[] | undefined {
    let given: unknown;
    try {
      given = ask();
    } catch (thrown) {
      if (isRefusal(thrown)) throw thrown;
      this.#leaveOut(live, before, `threw ${thrownName(thrown)} in onEvents`, thrown);
      return undefined;
    }
    if (isList(given) && given.length <= MAX_EVENTS) return given;
    this.#leaveOut(live, before, junk(given));
    return undefined;
  }

  /** Hands on what a hook gave, all or nothing. @returns false: it is left out. */
  #give(
    at: number,
    given: readonly unknown[],
    before: AnswerPlace,
    tell: (event: ModelEvent) => void,
  ): boolean {
    const live = this.#lives[at] as Live;
    const places: AnswerPlace[] = [];
    let { place } = live;
    for (const event of given) {
      const next = isSoundEvent(event)
        ? this.#step(live, place, event)
        : 'gave an event that is none';
      if (typeof next === 'string') {
        this.#leaveOut(live, before, next);
        return false;
      }
      places.push(place);
      place = next;
    }
    live.place = place;
    for (const [index, event] of given.entries()) {
      this.#pass(at + 1, event as ModelEvent, places[index] ?? place, tell);
    }
    return true;
  }

  #step(live: Live, place: AnswerPlace, event: ModelEvent): AnswerPlace | string {
    const next = stepTo(place, event, live.used);
    return typeof next === 'string' && this.#lenient ? place : next;
  }

  /** @throws GatewayError where the answer can't go on without it. */
  #leaveOut(live: Live, before: AnswerPlace, what: string, cause?: unknown): void {
    live.out = true;
    const lost = live.touched.size > 0 || !samePlace(before, live.place);
    this.#onFault(live.link, what, cause, lost);
  }
}

/** What a hook held back of a block, it has given when the block closes. */
function noteTouch({ touched }: Live, event: ModelEvent, given: readonly unknown[]): void {
  if (event.type === 'close') touched.delete(event.index);
  else if (event.type !== 'open' && event.type !== 'delta') return;
  else if (given.length !== 1 || given[0] !== event) touched.add(event.index);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function junk(given: unknown): string {
  if (isList(given)) return `gave more than ${MAX_EVENTS} events for one`;
  return 'gave something that is no list of events';
}
